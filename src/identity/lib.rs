//! Who is who: typed ids joined into entities, with contradictions kept apart.
