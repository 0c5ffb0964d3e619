/**
 * The part of V8's WebAssembly interface that this project uses: TypeScript has it only together
 * with all of the browser's. After https://webassembly.github.io/spec/js-api/ (release 2.0).
 */

declare namespace WebAssembly {
  /** Whether `Module` would take it. */
  function validate(bytes: Uint8Array): boolean;

  class Module {
    /** @throws {CompileError} */
    constructor(bytes: Uint8Array);
    static imports(module: Module): {
      readonly module: string;
      readonly name: string;
      readonly kind: string;
    }[];
    static exports(module: Module): { readonly name: string; readonly kind: string }[];
  }

  class Instance {
    /** @throws {LinkError | RuntimeError | RangeError} */
    constructor(
      module: Module,
      imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
    );
    readonly exports: Readonly<Record<string, unknown>>;
  }

  class Memory {
    constructor(pages: { readonly initial: number; readonly maximum?: number });
    /** Another one after each growth. */
    readonly buffer: ArrayBuffer;
  }

  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}
}
