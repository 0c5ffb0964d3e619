// Original file: proto/manyhands/v1/types.proto

export const Runtime = {
  RUNTIME_UNSPECIFIED: 'RUNTIME_UNSPECIFIED',
  RUNTIME_JAVASCRIPT: 'RUNTIME_JAVASCRIPT',
} as const;

export type Runtime =
  | 'RUNTIME_UNSPECIFIED'
  | 0
  | 'RUNTIME_JAVASCRIPT'
  | 1

export type Runtime__Output = typeof Runtime[keyof typeof Runtime]
