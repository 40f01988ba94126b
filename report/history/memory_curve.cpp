#include "report/history/memory_curve.h"

namespace pymemflow::report {

void MemoryCurveBuilder::advance(std::uint64_t after_ns) {
  const auto number = [&] { return (after_ns - curve_.start_ns) / curve_.width_ns; };
  // The point of the time that ends here, which halve() joins with others.
  curve_.points.push_back(now_);
  while (number() >= kMostPoints) halve();
  now_.most = now_.live;
  now_.resident = 0;
  // Memory stays as it was in a time without events.
  while (curve_.points.size() < number()) curve_.points.push_back(now_);
  if (curve_.points.size() > number()) {
    // The time of the last point goes on.
    const MemoryPoint last = curve_.points.back();
    curve_.points.pop_back();
    now_.most = std::max(now_.most, last.most);
    now_.resident = last.resident;
  }
  next_ns_ = curve_.start_ns + (curve_.points.size() + 1) * curve_.width_ns;
}

void MemoryCurveBuilder::halve() {
  curve_.width_ns *= 2;
  Vector<MemoryPoint>& points = curve_.points;
  for (std::size_t i = 0; i < points.size(); ++i) {
    MemoryPoint point = points[i];
    if (i % 2 == 1) {
      point.most = std::max(point.most, points[i / 2].most);
      point.resident = std::max(point.resident, points[i / 2].resident);
    }
    points[i / 2] = point;
  }
  points.resize((points.size() + 1) / 2);
}

}  // namespace pymemflow::report
