import type { CodegenConfig } from "@graphql-codegen/cli";

/** Types and documents for what `src/operations` asks, checked against the committed schema. */
const config: CodegenConfig = {
  schema: "../schema.graphql",
  documents: "src/operations/*.graphql",
  ignoreNoDocuments: false,
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        scalars: { DateTime: "string", ID: "string" },
        strictScalars: true,
        useTypeImports: true,
      },
    },
  },
};

export default config;
