//! The rows of accounts, of issuers, and of whose identity there is which account carry a code of the service over what
//! they say; recovery codes are kept as such codes. Rows from before have none, and open nothing: accounts are to be set
//! up again, issuers are retired.

use crate::Plain;

const UP: &str = "
ALTER TABLE account ADD COLUMN mac {bytes};
UPDATE account SET password = NULL, second_factor = NULL, second_factor_confirmed = false;
DELETE FROM recovery_code;
ALTER TABLE issuer ADD COLUMN mac {bytes};
UPDATE issuer SET retired_at = made_at, client_secret = NULL WHERE retired_at IS NULL;
ALTER TABLE identity ADD COLUMN mac {bytes};
DELETE FROM identity;
";

pub(crate) const MIGRATION: Plain = Plain::new("m0010_vouched_accounts", UP);
