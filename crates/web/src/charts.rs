//! Charts: drawn on the server as SVG that can be read aloud, each with its table.
