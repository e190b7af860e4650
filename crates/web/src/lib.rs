//! The pages: server-rendered, over the same engine as the API. They decide nothing.
