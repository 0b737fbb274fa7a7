#!/usr/bin/env bash
# Writes ajv.bundle.js anew after ajv or ajv-formats changed in package.json: one function whose text is compiled where
# schemas are checked, because the program can read no files. Needs what `npm ci` installs, and the network for esbuild.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version() { node -p "require('./node_modules/$1/package.json').version"; }
notice="// Made by bundle/build.sh of ajv $(version ajv), ajv-formats $(version ajv-formats), fast-deep-equal $(version fast-deep-equal), fast-uri $(version fast-uri) and
// json-schema-traverse $(version json-schema-traverse). MIT licensed, fast-uri BSD-3-Clause. Do not edit.
// @ts-nocheck"
trap 'rm -f bundle/meta.generated.js' EXIT
node bundle/meta.js >bundle/meta.generated.js
npx --yes esbuild@0.25.10 bundle/ajv-entry.js --bundle --minify --format=iife --global-name=made --charset=ascii --platform=neutral --main-fields=main --legal-comments=none \
  --banner:js="$notice"$'\n'"export function ajvBundle() {" --footer:js="return made;}" --outfile=ajv.bundle.js --log-level=warning
