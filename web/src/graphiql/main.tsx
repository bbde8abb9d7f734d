import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Explorer } from "./Explorer";
import "graphiql/style.css";
import "./graphiql.css";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Explorer />
    </StrictMode>,
  );
}
