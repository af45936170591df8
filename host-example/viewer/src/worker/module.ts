// The Wasm module: questions and answers in JSON, and columns as typed arrays over its memory.

interface Exports {
  readonly memory: WebAssembly.Memory;
  question(length: number): number;
  ask(): number;
  answer(): number;
  rows(): number;
  times(): number;
  column(place: number): number;
}

/** Reads `length` bytes of a file at position `at`. Returns fewer only at the end of the file. */
export type Read = (file: number, at: number, length: number) => Uint8Array;

/** The character of each byte, and the bytes of a module as such characters. */
export type Encoded = readonly [alphabet: string, text: string];

function compile([alphabet, text]: Encoded): WebAssembly.Module {
  const byteOf = new Uint8Array(512);
  for (let byte = 0; byte < alphabet.length; byte++) byteOf[alphabet.charCodeAt(byte)] = byte;
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = byteOf[text.charCodeAt(at)]!;
  return new WebAssembly.Module(bytes);
}

/** The crate for zip archives imports the browser's random numbers. Nothing calls them. */
function unused(compiled: WebAssembly.Module): Record<string, Record<string, () => never>> {
  const imports: Record<string, Record<string, () => never>> = {};
  for (const { module, name } of WebAssembly.Module.imports(compiled)) {
    (imports[module] ??= {})[name] = () => {
      throw new Error(`${module}.${name} is not there`);
    };
  }
  return imports;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Module {
  readonly #exports: Exports;

  constructor(encoded: Encoded, read: Read) {
    const compiled = compile(encoded);
    const host = {
      read: (file: number, at: number, into: number, length: number): number => {
        try {
          const bytes = read(file, at, length);
          new Uint8Array(this.#exports.memory.buffer, into >>> 0, bytes.length).set(bytes);
          return bytes.length;
        } catch {
          return -1;
        }
      },
    };
    this.#exports = new WebAssembly.Instance(compiled, { ...unused(compiled), host }).exports as unknown as Exports;
  }

  /** Asks a question. Throws an error with the text of the module. */
  ask(question: Record<string, unknown>): unknown {
    const bytes = encoder.encode(JSON.stringify(question));
    const at = this.#exports.question(bytes.length) >>> 0;
    new Uint8Array(this.#exports.memory.buffer, at, bytes.length).set(bytes);
    const length = this.#exports.ask();
    const answer = new Uint8Array(this.#exports.memory.buffer, this.#exports.answer() >>> 0, Math.abs(length));
    const words = decoder.decode(answer);
    if (length < 0) throw new Error(words);
    return JSON.parse(words);
  }

  get rows(): number {
    return this.#exports.rows();
  }

  /** The times of events. Like every column, they are valid until the next question. */
  times(): BigInt64Array {
    return new BigInt64Array(this.#exports.memory.buffer, this.#exports.times() >>> 0, this.rows);
  }

  column(place: number): Uint32Array {
    return new Uint32Array(this.#exports.memory.buffer, this.#exports.column(place) >>> 0, this.rows);
  }
}
