#pragma once
// The columns of the formats that have a row for each call, for programs that read tables (csv,
// ndjson). Report side, one thread.

#include <cstdint>
#include <string_view>

#include "report/base/memory.h"
#include "report/base/output.h"
#include "report/reader/event_sink.h"
#include "report/stacks/site_name.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {

// A moment of the record.
struct RowMoment {
  std::uint64_t event = 0;     // the number of the call; of a mark: of the call before it
  std::uint64_t after_ns = 0;  // since the start; the event was not earlier
  std::uint32_t thread = 0;    // the kernel's thread id
};

class CallRows : public EventSink {
 public:
  // All are borrowed.
  // `limit`: of the rows of calls; 0: none.
  CallRows(Output& output, Symbols& symbols, std::uint64_t started_ns, std::uint64_t limit)
      : output_(output), symbols_(symbols), started_ns_(started_ns), limit_(limit) {}

  void on_event(const Event& event, const Site& site) final;
  void on_mark(const Event& mark) final;
  void on_left_out(std::uint64_t calls) final { events_ += calls; }
  void on_finish() final { flush(); }

 protected:
  // Appends a row. `site` is what site_columns() made of the site.
  virtual void append_call(String& text, const RowMoment& moment, const Event& call,
                           const String& site) = 0;
  virtual void append_mark(String& text, const RowMoment& moment, std::string_view name) = 0;
  // The text of the columns of a site: it is made once for each.
  virtual String site_columns(const SiteName& site) const = 0;

 private:
  RowMoment moment_of(const Event& event) const;
  const String& columns_of(SiteId number, const Site& site);
  void flush();

  Output& output_;
  Symbols& symbols_;
  const std::uint64_t started_ns_;
  const std::uint64_t limit_;
  std::uint64_t rows_ = 0;
  std::uint64_t events_ = 0;
  String text_;
  HashMap<SiteId, String> sites_;
  std::size_t site_bytes_ = 0;
};

}  // namespace pymemflow::report
