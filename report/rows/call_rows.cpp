#include "report/rows/call_rows.h"

#include <algorithm>

#include "report/stacks/stack_names.h"

namespace pymemflow::report {
namespace {

// The text is written in pieces of this size.
constexpr std::size_t kPiece = std::size_t{1} << 16;
// Bounds the memory of a report on a capture in which long names belong to many sites.
constexpr std::size_t kMaxSiteBytes = std::size_t{64} << 20;

}  // namespace

void CallRows::on_event(const Event& event, const Site& site) {
  ++events_;
  if (limit_ != 0 && rows_++ >= limit_) return;
  append_call(text_, moment_of(event), event, columns_of(event.site, site));
  if (text_.size() >= kPiece) flush();
}

void CallRows::on_mark(const Event& mark) {
  append_mark(text_, moment_of(mark), mark.name);
}

RowMoment CallRows::moment_of(const Event& event) const {
  return {events_, std::max(event.after_ns, started_ns_) - started_ns_, event.thread};
}

const String& CallRows::columns_of(SiteId number, const Site& site) {
  String& columns = sites_[number];
  if (!columns.empty()) return columns;
  if (site_bytes_ > kMaxSiteBytes) {
    sites_.clear();
    site_bytes_ = 0;
    return columns_of(number, site);
  }
  columns = site_columns(name_of(site, symbols_));
  site_bytes_ += columns.capacity();
  return columns;
}

void CallRows::flush() {
  output_.write(text_);
  text_.clear();
}

}  // namespace pymemflow::report
