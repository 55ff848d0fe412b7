//! As much of Markdown as these documents use: fenced blocks and tables.

use std::path::PathBuf;

/// A document of `docs/`.
pub(crate) struct Document {
    pub(crate) text: String,
    pub(crate) blocks: Vec<Block>,
}

/// A fenced block.
pub(crate) struct Block {
    /// What stands behind the fence: `json`, `sh`.
    pub(crate) kind: String,
    pub(crate) text: String,
    /// The line of its fence, to find it by.
    pub(crate) line: usize,
}

impl Document {
    pub(crate) fn read(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs")
            .join(name);
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        for (index, line) in text.lines().enumerate() {
            match (line.strip_prefix("```"), &mut open) {
                (Some(kind), None) => {
                    open = Some(Block {
                        kind: kind.to_owned(),
                        text: String::new(),
                        line: index + 1,
                    });
                }
                (Some(""), Some(_)) => blocks.extend(open.take()),
                (Some(kind), Some(block)) => panic!(
                    "{name}:{}: {kind:?} inside a block of line {}",
                    index + 1,
                    block.line
                ),
                (None, Some(block)) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{name}: a block is not closed");
        Self { text, blocks }
    }

    pub(crate) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }

    /// The rows of all tables whose first cell is a name in backticks: the name, and the other cells.
    pub(crate) fn rows(&self) -> Vec<(&str, Vec<&str>)> {
        self.text
            .lines()
            .filter_map(|line| {
                let row = line.strip_prefix("| ")?.strip_suffix(" |")?;
                let mut cells = row.split(" | ");
                let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
                Some((name, cells.collect()))
            })
            .collect()
    }
}
