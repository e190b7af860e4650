//! The published schema, as far as the matrix needs it: which types have which fields, and what the fields return.

use std::collections::BTreeMap;

/// A field of an object type.
#[derive(Clone, Debug)]
pub struct Field {
    /// The type that it returns, without lists and exclamation marks.
    pub returns: String,
    /// Whether it can't be asked for without an argument.
    pub needs_arguments: bool,
    /// Whether it is a list that is asked for with `first`.
    pub is_page: bool,
}

/// The object types of a schema, with their fields.
#[derive(Debug)]
pub struct Sdl {
    /// The types by name; fields by name.
    pub types: BTreeMap<String, BTreeMap<String, Field>>,
    /// The members of each union and interface.
    pub unions: BTreeMap<String, Vec<String>>,
}

impl Sdl {
    /// Reads what `safespace schema` prints.
    pub fn read(text: &str) -> Self {
        let text = without_descriptions(text);
        let mut sdl = Self { types: BTreeMap::new(), unions: BTreeMap::new() };
        let mut rest = text.as_str();
        while let Some(at) = rest.find("\ntype ") {
            let block = &rest[at + 6..];
            let (head, after) = block.split_once('{').expect("a type has fields");
            let (body, after) = after.split_once("\n}").expect("a type ends");
            let mut words = head.split_whitespace();
            let name = words.next().expect("a type has a name").to_owned();
            for interface in
                head.split_once("implements").map(|(_, names)| names.split('&')).into_iter().flatten()
            {
                sdl.unions.entry(interface.trim().to_owned()).or_default().push(name.clone());
            }
            sdl.types.insert(name, fields(body));
            rest = after;
        }
        for line in text.lines().filter_map(|line| line.strip_prefix("union ")) {
            let (name, members) = line.split_once('=').expect("a union has members");
            let members = members.split('|').map(|member| member.trim().to_owned()).collect();
            sdl.unions.insert(name.trim().to_owned(), members);
        }
        sdl
    }

    /// A selection of everything that a type has, so many levels deep; nothing where the type has no fields.
    pub fn selection(&self, name: &str, depth: u32) -> String {
        if let Some(members) = self.unions.get(name) {
            let members = members
                .iter()
                .filter(|member| self.types.contains_key(*member))
                .map(|member| format!("... on {member} {}", self.renamed(member, depth)));
            return format!("{{ __typename {} }}", members.collect::<Vec<_>>().join(" "));
        }
        let Some(fields) = self.types.get(name) else { return String::new() };
        let mut parts = vec!["__typename".to_owned()];
        for (field, Field { returns, needs_arguments, is_page }) in fields {
            let composite = self.types.contains_key(returns) || self.unions.contains_key(returns);
            if *needs_arguments || composite && depth == 0 {
                continue;
            }
            let first = if *is_page { "(first: 3)" } else { "" };
            // A connection is no level of its own.
            let below = if name.ends_with("Connection") { depth } else { depth.saturating_sub(1) };
            if field != "edges" && field != "pageInfo" {
                parts.push(format!(
                    "{field}{first} {}",
                    if composite { self.selection(returns, below) } else { String::new() }
                ));
            }
        }
        format!("{{ {} }}", parts.join(" "))
    }

    /// The same for a member of a union: fields of the same name may differ in type, so only the name is asked for,
    /// and the first level under a name of its own.
    fn renamed(&self, name: &str, depth: u32) -> String {
        let Some(fields) = self.types.get(name) else { return String::new() };
        let mut parts = vec!["__typename".to_owned()];
        for (field, Field { returns, needs_arguments, .. }) in fields {
            let composite = self.types.contains_key(returns) || self.unions.contains_key(returns);
            if !needs_arguments && (!composite || depth > 0) {
                let below = if composite { self.selection(returns, depth - 1) } else { String::new() };
                parts.push(format!("{name}_{field}: {field} {below}"));
            }
        }
        format!("{{ {} }}", parts.join(" "))
    }
}

fn fields(body: &str) -> BTreeMap<String, Field> {
    let mut fields = BTreeMap::new();
    // Arguments may stand on lines of their own.
    let mut joined = String::new();
    let mut depth = 0_i32;
    for sign in body.chars() {
        depth += i32::from(sign == '(') - i32::from(sign == ')');
        joined.push(if depth > 0 && sign == '\n' { ' ' } else { sign });
    }
    for line in joined.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (head, returns) = line.rsplit_once("):").map_or_else(
            || line.split_once(':').expect("a field has a type"),
            |(head, returns)| (head, returns),
        );
        let (name, arguments) = head.split_once('(').unwrap_or((head, ""));
        let argument = |argument: &str| argument.contains('!') && !argument.contains('=');
        let needs_arguments = arguments.split(',').any(argument);
        let returns = returns.split('@').next().unwrap_or(returns);
        let returns = returns.trim().trim_matches(|sign| "[]!".contains(sign)).to_owned();
        let is_page = arguments.contains("first: Int");
        fields.insert(name.trim().to_owned(), Field { returns, needs_arguments, is_page });
    }
    fields
}

fn without_descriptions(text: &str) -> String {
    let mut plain = String::from("\n");
    for (n, part) in text.split("\"\"\"").enumerate() {
        if n % 2 == 0 {
            plain.push_str(part);
        }
    }
    plain
}
