//! Articles in the order in which they are compared.

use chrono::NaiveDate;

use super::similarity::WINDOW;

/// Undated articles first, since they may tell the same story as any other; the others by date. A *place* is one in this order.
pub struct Timeline {
    /// Number of the article at each place.
    pub articles: Vec<u32>,
    /// Day of each place, since any epoch.
    pub days: Vec<Option<i32>>,
    /// How many have no date.
    pub undated: usize,
}

impl Timeline {
    /// Of articles with these dates.
    pub fn new(dates: &[Option<NaiveDate>]) -> Self {
        let mut articles: Vec<u32> = (0..dates.len() as u32).collect();
        articles.sort_by_key(|&article| (dates[article as usize], article));
        let day = |&article: &u32| dates[article as usize].map(|date| (date - NaiveDate::default()).num_days() as i32);
        let days: Vec<Option<i32>> = articles.iter().map(day).collect();
        Self { undated: days.partition_point(Option::is_none), articles, days }
    }

    /// The first dated place that the article at this one meets: those of a week before it. An undated one meets undated ones only, the
    /// dated ones meet it.
    pub fn first_met(&self, place: usize) -> usize {
        let Some(day) = self.days[place] else { return self.undated };
        self.days.partition_point(|other| other.is_none_or(|other| other < day - WINDOW))
    }

    /// Days from the one place to the other; `None` where either has no date.
    pub fn between(&self, from: u32, to: u32) -> Option<i32> {
        self.days[to as usize].zip(self.days[from as usize]).map(|(to, from)| to - from)
    }
}
