//! Faithful in-process fakes of media servers and trackers, over real HTTP.
