// Original file: proto/manyhands/v1/types.proto

export const Runtime = {
  RUNTIME_UNSPECIFIED: 'RUNTIME_UNSPECIFIED',
  RUNTIME_JAVASCRIPT: 'RUNTIME_JAVASCRIPT',
  RUNTIME_WASI: 'RUNTIME_WASI',
} as const;

export type Runtime =
  | 'RUNTIME_UNSPECIFIED'
  | 0
  | 'RUNTIME_JAVASCRIPT'
  | 1
  | 'RUNTIME_WASI'
  | 2

export type Runtime__Output = typeof Runtime[keyof typeof Runtime]
