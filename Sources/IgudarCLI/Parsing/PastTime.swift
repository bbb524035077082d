// Times of the past on the command line: a moment, or how long ago it was.

import Igudar
import Platform

/// A moment of the past.
struct PastTime: Parsable {
  let moment: Timestamp

  init(parsing text: String) throws(Malformed) {
    if let time = try? PointInTime(parsing: text) {
      moment = time.timestamp
    } else if let span = try? CalendarSpan(parsing: text) {
      moment = Self.moment(span, before: CivilTime(local: .now()))
    } else {
      throw Malformed(
        "is neither a time (2006-01-02, '2006-01-02 15:04:05', …) nor a span such as 1y5m7d2h")
    }
  }

  // Local time copes with a month of -3 and a day of -100.
  private static func moment(_ span: CalendarSpan, before now: CivilTime) -> Timestamp {
    var time = now
    time.year -= span.years
    time.month -= span.months
    time.day -= span.days
    time.hour -= span.hours
    return time.localMoment
  }
}
