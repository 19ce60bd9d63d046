//! Deliveries to buckets.
