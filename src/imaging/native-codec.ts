import { createRequire } from 'node:module';
import type { Context, NativeCodecs } from 'dcmjs-codecs';
import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ImagePixel } from './image-pixel.ts';

/** The coding families of the library. */
export type CodecFamily = 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k' | 'rle';

interface CodecsModule {
  readonly Context: typeof Context;
  readonly NativeCodecs: typeof NativeCodecs;
  readonly log: { setLevel(level: string, persist: boolean): void };
}

let loading: Promise<CodecsModule> | undefined;
let loaded: CodecsModule | undefined;

/**
 * The one door to dcmjs-codecs (4 MB of WebAssembly, about 50 ms): call once per process before decoding or
 * encoding; further calls cost nothing. It runs synchronously in the calling thread, and its memory never shrinks.
 */
export async function initialiseCodecs(): Promise<void> {
  loading ??= load();
  loaded = await loading;
}

async function load(): Promise<CodecsModule> {
  const codecs = createRequire(import.meta.url)('dcmjs-codecs') as CodecsModule;
  codecs.log.setLevel('silent', false);
  await codecs.NativeCodecs.initializeAsync();
  return codecs;
}

/** Decodes one frame. The caller has checked the codestream's header. Error: PIXEL_CORRUPT. */
export function decodeNative(
  family: CodecFamily,
  stream: Uint8Array,
  image: ImagePixel,
): Result<Uint8Array, NodeError> {
  const { NativeCodecs: codecs, ...module } = library();
  const context = new module.Context({ ...contextOf(image), encodedBuffer: stream });
  try {
    const decoded = run(codecs, 'decode', family, context, {}).getDecodedBuffer();
    return decoded === undefined
      ? err(new NodeError('PIXEL_CORRUPT', `the ${family} decoder returned nothing`))
      : ok(decoded);
  } catch (cause) {
    return err(new NodeError('PIXEL_CORRUPT', `the ${family} stream cannot be decoded`, { cause }));
  }
}

/** Encodes one frame; a failure is a fault of the caller and throws BUG_INVARIANT. */
export function encodeNative(
  family: CodecFamily,
  samples: Uint8Array,
  image: ImagePixel,
  parameters: Readonly<Record<string, unknown>>,
): Uint8Array {
  const { NativeCodecs: codecs, ...module } = library();
  const context = new module.Context({ ...contextOf(image), decodedBuffer: samples });
  try {
    const encoded = run(codecs, 'encode', family, context, parameters).getEncodedBuffer();
    if (encoded === undefined) throw new Error('the encoder returned nothing');
    return encoded;
  } catch (cause) {
    throw new NodeError('BUG_INVARIANT', `the ${family} encoder failed`, { cause });
  }
}

function library(): CodecsModule {
  if (loaded === undefined) throw new NodeError('BUG_INVARIANT', 'initialiseCodecs() was not awaited');
  return loaded;
}

function contextOf(image: ImagePixel) {
  return {
    width: image.columns,
    height: image.rows,
    bitsAllocated: image.bitsAllocated,
    bitsStored: image.bitsStored,
    samplesPerPixel: image.samplesPerPixel,
    pixelRepresentation: image.signed ? 1 : 0,
    planarConfiguration: image.planarConfiguration,
    photometricInterpretation: image.photometric,
  };
}

function run(
  codecs: typeof NativeCodecs,
  direction: 'decode' | 'encode',
  family: CodecFamily,
  context: Context,
  parameters: Readonly<Record<string, unknown>>,
): Context {
  const isDecode = direction === 'decode';
  switch (family) {
    case 'jpeg':
      return isDecode ? codecs.decodeJpeg(context, parameters) : codecs.encodeJpeg(context, parameters);
    case 'jpeg-ls':
      return isDecode ? codecs.decodeJpegLs(context, parameters) : codecs.encodeJpegLs(context, parameters);
    case 'jpeg-2000':
      return isDecode
        ? codecs.decodeJpeg2000(context, parameters)
        : codecs.encodeJpeg2000(context, parameters);
    case 'htj2k':
      return isDecode
        ? codecs.decodeHtJpeg2000(context, parameters)
        : codecs.encodeHtJpeg2000(context, parameters);
    case 'rle':
      return isDecode ? codecs.decodeRle(context, parameters) : codecs.encodeRle(context, parameters);
  }
}
