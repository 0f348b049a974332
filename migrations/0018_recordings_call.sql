-- `recordings_newest` finds a call's recordings as well.
DROP INDEX recordings.recordings_call;
