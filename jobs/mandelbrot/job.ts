/**
 * Draws a part of the Mandelbrot set as a PNG picture: `manyhands submit mandelbrot --out set.png`
 *
 * A chunk is a band of rows. `compute` returns how many steps each point takes to escape, found
 * with + - * alone, which round alike on every processor. Colours are chosen in `merge`, on the
 * requester's machine, where nothing has to be the same for everybody.
 */

import { Zlib } from 'fflate';

type Params = {
  width?: number;
  height?: number;
  maxIterations?: number;
  /** The point in the middle of the picture. */
  centreX?: number;
  centreY?: number;
  /** Height of the picture in the complex plane. */
  scale?: number;
};
type Band = Required<Params> & { firstRow: number; rows: number };

/** The Seahorse Valley. */
const defaults: Required<Params> = {
  width: 1200,
  height: 800,
  maxIterations: 2000,
  centreX: -0.7453,
  centreY: 0.1127,
  scale: 0.0065,
};

/** Steps of a point are two bytes of a band's result, the low one first. */
const stepBytes = 2;
const stepsMax = 0xffff;
/** Points of a band: half a megabyte of result, and some hundred milliseconds of work. */
const bandPointsMax = 32_768;

export function* split(params: Params): Generator<Band> {
  const picture = { ...defaults, ...params };
  const { width, height, maxIterations } = picture;
  for (const [name, value, max] of [
    ['width', width, bandPointsMax],
    ['height', height, bandPointsMax],
    ['maxIterations', maxIterations, stepsMax],
  ] as const) {
    if (!Number.isInteger(value) || value < 1 || value > max) {
      throw new Error(`${name} must be a whole number from 1 to ${max}`);
    }
  }
  const bandRows = Math.max(1, Math.floor(bandPointsMax / width));
  for (let firstRow = 0; firstRow < height; firstRow += bandRows) {
    yield { ...picture, firstRow, rows: Math.min(bandRows, height - firstRow) };
  }
}

export function compute(band: Band): Uint8Array {
  const { width, height, maxIterations, centreX, centreY, scale, firstRow, rows } = band;
  const pixel = scale / height;
  const steps = new Uint8Array(width * rows * stepBytes);
  let at = 0;
  for (let row = firstRow; row < firstRow + rows; row += 1) {
    const y = centreY - (row - height / 2) * pixel;
    for (let column = 0; column < width; column += 1) {
      const x = centreX + (column - width / 2) * pixel;
      const count = stepsToEscape(x, y, maxIterations);
      steps[at] = count & 255;
      steps[at + 1] = count >> 8;
      at += stepBytes;
    }
  }
  return steps;
}

export async function merge(
  results: AsyncIterable<Uint8Array>,
  params: Params,
): Promise<Uint8Array> {
  const { width, height, maxIterations } = { ...defaults, ...params };
  const palette = makePalette(maxIterations);
  const compressed: Uint8Array[] = [];
  const zlib = new Zlib({ level: 6 }, (piece) => compressed.push(piece));
  for await (const steps of results) zlib.push(paint(steps, width, palette));
  zlib.push(new Uint8Array(0), true);
  return joined([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    // 8 bits a channel, red, green and blue.
    pngChunk('IHDR', joined([uint32(width), uint32(height), Uint8Array.of(8, 2, 0, 0, 0)])),
    pngChunk('IDAT', joined(compressed)),
    pngChunk('IEND', new Uint8Array(0)),
  ]);
}

/** 0 for a point that doesn't escape: it is taken to be in the set. */
function stepsToEscape(x: number, y: number, maxIterations: number): number {
  let re = 0;
  let im = 0;
  let re2 = 0;
  let im2 = 0;
  for (let step = 1; step <= maxIterations; step += 1) {
    im = 2 * re * im + y;
    re = re2 - im2 + x;
    re2 = re * re;
    im2 = im * im;
    if (re2 + im2 > 4) return step;
  }
  return 0;
}

/** A band's rows as PNG wants them: a filter byte (none), then three bytes a pixel. */
function paint(steps: Uint8Array, width: number, palette: Uint8Array): Uint8Array {
  const rows = steps.length / stepBytes / width;
  const bytes = new Uint8Array(rows * (1 + 3 * width));
  let from = 0;
  let to = 0;
  for (let row = 0; row < rows; row += 1) {
    to += 1;
    for (let column = 0; column < width; column += 1) {
      const count = (steps[from] ?? 0) + 256 * (steps[from + 1] ?? 0);
      bytes.set(palette.subarray(3 * count, 3 * count + 3), to);
      from += stepBytes;
      to += 3;
    }
  }
  return bytes;
}

/**
 * Night blue over white to amber and back, again and again, more slowly the longer a point takes.
 */
const tones = [
  [0, 7, 60],
  [32, 107, 203],
  [237, 250, 255],
  [255, 170, 0],
  [60, 14, 8],
] as const;

function makePalette(maxIterations: number): Uint8Array {
  const palette = new Uint8Array(3 * (maxIterations + 1));
  for (let count = 1; count <= maxIterations; count += 1) {
    const place = (Math.log(count) * 1.9) % tones.length;
    const tone = tones[Math.floor(place)] ?? tones[0];
    const nextTone = tones[(Math.floor(place) + 1) % tones.length] ?? tones[0];
    const share = place % 1;
    for (const channel of [0, 1, 2] as const) {
      const value = tone[channel] + (nextTone[channel] - tone[channel]) * share;
      palette[3 * count + channel] = Math.round(value);
    }
  }
  return palette;
}

function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const typed = joined([Uint8Array.from(type, (letter) => letter.charCodeAt(0)), data]);
  return joined([uint32(data.length), typed, uint32(crc32(typed))]);
}

/** The checksum of PNG, bit by bit. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
