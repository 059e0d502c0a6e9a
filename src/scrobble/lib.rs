//! Playback events to plays: the same-play test shared by pairs and live scrobbling.
