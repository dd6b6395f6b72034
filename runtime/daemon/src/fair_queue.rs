//! A queue with a lane for each client, of which one message each is taken in turn: a client with a thousand requests delays another one by
//! a single request.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::origin::Lane;

/// A queue of lanes, of one thread.
#[derive(Debug)]
pub(super) struct FairQueue<T> {
    lanes: HashMap<Lane, VecDeque<T>>,
    /// The lanes that are not empty, in the order of their turns.
    turns: VecDeque<Lane>,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self { lanes: HashMap::new(), turns: VecDeque::new() }
    }
}

impl<T> FairQueue<T> {
    pub(super) fn push(&mut self, lane: Lane, item: T) {
        let waiting = self.lanes.entry(lane.clone()).or_default();
        if waiting.is_empty() {
            self.turns.push_back(lane);
        }
        waiting.push_back(item);
    }

    /// The first item of the lane whose turn it is.
    pub(super) fn pop(&mut self) -> Option<T> {
        let lane = self.turns.pop_front()?;
        let waiting = self.lanes.get_mut(&lane)?;
        let item = waiting.pop_front();
        match waiting.is_empty() {
            // Clients come and go: an empty lane is not kept.
            true => drop(self.lanes.remove(&lane)),
            false => self.turns.push_back(lane),
        }
        item
    }

    /// Length of one lane.
    pub(super) fn waiting(&self, lane: &Lane) -> usize {
        self.lanes.get(lane).map_or(0, VecDeque::len)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }
}

/// The same between threads; copies share it.
#[derive(Debug)]
pub(super) struct SharedFairQueue<T>(Arc<(Mutex<FairQueue<T>>, Condvar)>);

// Not derived: `T` need not be `Clone`.
impl<T> Clone for SharedFairQueue<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for SharedFairQueue<T> {
    fn default() -> Self {
        Self(Arc::new((Mutex::default(), Condvar::new())))
    }
}

impl<T> SharedFairQueue<T> {
    /// Adds an item to a lane, or returns it where `capacity` wait there already.
    ///
    /// # Errors
    ///
    /// The item, where the lane is full.
    pub(super) fn push(&self, lane: &Lane, capacity: usize, item: T) -> Result<(), T> {
        let mut queue = self.lock();
        if queue.waiting(lane) >= capacity {
            return Err(item);
        }
        queue.push(lane.clone(), item);
        drop(queue);
        self.0.1.notify_one();
        Ok(())
    }

    /// The next item; `None` after `timeout`.
    pub(super) fn pop(&self, timeout: Duration) -> Option<T> {
        let deadline = Instant::now() + timeout;
        let mut queue = self.lock();
        loop {
            if let Some(item) = queue.pop() {
                return Some(item);
            }
            let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            queue = self.0.1.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    // A thread that panicked while holding the lock left a whole queue: nothing in there can fail halfway.
    fn lock(&self) -> MutexGuard<'_, FairQueue<T>> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Lane {
        Lane::Key(name.into())
    }

    #[test]
    fn one_of_each_in_turn_however_much_one_wants() {
        let mut queue = FairQueue::default();
        for n in 0..1000 {
            queue.push(key("greedy"), ("greedy", n));
        }
        queue.push(key("modest"), ("modest", 0));
        assert_eq!(queue.pop(), Some(("greedy", 0)));
        assert_eq!(queue.pop(), Some(("modest", 0)));
        for n in 1..1000 {
            assert_eq!(queue.pop(), Some(("greedy", n)));
        }
        assert_eq!(queue.pop(), None);
        assert!(queue.is_empty() && queue.lanes.is_empty(), "nothing is kept of a lane that is empty");
    }

    #[test]
    fn a_lane_that_is_full_gives_back_what_is_put_there_and_others_go_on() {
        let queue = SharedFairQueue::default();
        assert_eq!(queue.push(&key("a"), 2, 1), Ok(()));
        assert_eq!(queue.push(&key("a"), 2, 2), Ok(()));
        assert_eq!(queue.push(&key("a"), 2, 3), Err(3));
        assert_eq!(queue.push(&key("b"), 2, 4), Ok(()));
        let taken: Vec<i32> = std::iter::from_fn(|| queue.pop(Duration::ZERO)).collect();
        assert_eq!(taken, [1, 4, 2]);
    }
}
