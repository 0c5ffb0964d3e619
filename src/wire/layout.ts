/**
 * Which fields a message of `proto/` has and how each is written, from the loaded definition: what
 * it takes to walk over the bytes of a frame just as the parser will.
 */

import { loadPeerProto } from './proto.ts';

export type Field = {
  /** How its value is written: a varint, or a length and so many bytes. */
  readonly wireType: 0 | 2;
  /** Of a number: the parser takes a longer one of 32 bits for longer than it is. */
  readonly varintBytesMax: number;
  readonly isRepeated: boolean;
  /** Of a field whose value is a message. */
  readonly layout: Layout | undefined;
};

/** By field number. */
export type Layout = ReadonlyMap<number, Field>;

const layouts = new Map<string, Layout>();

/** @param name of a message of the package `manyhands.v1` */
export function layoutOf(name: string): Layout {
  const known = layouts.get(name);
  if (known !== undefined) return known;
  const layout = new Map(fieldsOf(name).map((field) => [field.number, readField(field)]));
  layouts.set(name, layout);
  return layout;
}

/** As the descriptors of protobuf have it, and their loader. */
type FieldDescriptor = {
  readonly number: number;
  readonly label: string;
  readonly type: string;
  readonly typeName: string;
};

function fieldsOf(name: string): readonly FieldDescriptor[] {
  const type: unknown = loadPeerProto().definition[`manyhands.v1.${name}`]?.type;
  const fields = hasFields(type) ? type.field : undefined;
  if (fields?.every((field) => isField(field)) === true) return fields;
  throw new Error(`proto/ has no message ${name}`);
}

function readField({ label, type, typeName }: FieldDescriptor): Field {
  return {
    ...writtenAs(type),
    isRepeated: label === 'LABEL_REPEATED',
    layout: type === 'TYPE_MESSAGE' ? layoutOf(typeName) : undefined,
  };
}

function writtenAs(type: string): Pick<Field, 'wireType' | 'varintBytesMax'> {
  switch (type) {
    case 'TYPE_UINT32':
    case 'TYPE_BOOL':
    case 'TYPE_ENUM':
      return { wireType: 0, varintBytesMax: 5 };
    case 'TYPE_UINT64':
      return { wireType: 0, varintBytesMax: 10 };
    case 'TYPE_STRING':
    case 'TYPE_BYTES':
    case 'TYPE_MESSAGE':
      return { wireType: 2, varintBytesMax: 0 };
    default:
      throw new Error(`proto/ has a field of a type that is not bounded: ${type}`);
  }
}

function hasFields(type: unknown): type is { readonly field: readonly unknown[] } {
  return typeof type === 'object' && type !== null && 'field' in type && Array.isArray(type.field);
}

function isField(field: unknown): field is FieldDescriptor {
  return (
    typeof field === 'object' &&
    field !== null &&
    'number' in field &&
    'label' in field &&
    'type' in field &&
    'typeName' in field
  );
}
