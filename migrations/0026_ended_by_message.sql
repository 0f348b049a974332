-- A message is left within a call, which goes on while it is spoken: its time stands for the call's end only until somebody tells that one.
ALTER TABLE calls.calls ADD COLUMN ended_by_message boolean NOT NULL DEFAULT false;
