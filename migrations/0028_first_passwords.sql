-- A password that was made here for somebody is good for a while, in which they choose their own. NULL: chosen, and good until changed.
ALTER TABLE people.users ADD COLUMN password_expires_at timestamptz;
