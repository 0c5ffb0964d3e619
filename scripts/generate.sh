#!/bin/sh
# Writes the types of proto/ to src/wire/generated, or to the folder given. The flags equal the
# options in src/wire/proto.ts: a type must describe what the loader delivers.
set -eu
out=${1:-src/wire/generated}
rm -rf "$out"
proto-loader-gen-types --importFileExtension=.ts --longs=Number --enums=String --bytes=Buffer \
  --oneofs --defaults --arrays --grpcLib=@grpc/grpc-js --includeDirs=proto --outDir="$out" \
  manyhands/v1/overlay.proto manyhands/v1/work.proto manyhands/v1/blobs.proto \
  manyhands/v1/audit.proto manyhands/control/v1/control.proto >/dev/null
