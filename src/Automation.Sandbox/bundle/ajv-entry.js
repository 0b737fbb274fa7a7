// What of ajv goes into ../ajv.bundle.js: see build.sh.
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";
import isSchema from "./meta.generated.js";

export { Ajv, formats, isSchema };
