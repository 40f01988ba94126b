#pragma once
// What a whole capture says of memory: totals, the highest mark, and by place what was alive at the
// end. Places are what people look for, a line of a Python function or an engine caller, where the
// sites of the record are instructions. Report side, one thread.

#include <array>
#include <cstdint>
#include <string_view>

#include "report/base/amount.h"
#include "report/base/memory.h"
#include "report/reader/capture_reader.h"
#include "report/replay/exemptions.h"
#include "report/replay/imports.h"
#include "report/replay/ledger.h"
#include "report/replay/marks.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {

struct Place {
  bool has_frame = false;
  String file;  // co_filename, whole
  String function;
  std::int32_t line = 0;
  String caller;  // without a frame: as DTrace's usym() has it
  String module;  // without a frame: the path of the file that called; empty: unknown
};

struct PlaceUse {
  Place place;
  Holding holding;
  std::array<Amount, kAsides> aside = {};  // of what is alive

  Amount leaked() const;  // what is alive and was not set aside
};

struct PlaceChange {
  Place place;
  Change change;
};

struct Usage {
  Holding total;
  Ledger::Peak peak;
  String peak_place;                // empty: nothing was ever alive
  std::uint64_t peak_after_ns = 0;  // since the start; the peak was no earlier
  std::uint64_t events = 0;
  std::uint64_t unknown_releases = 0;
  Vector<PlaceUse> places;  // by bytes alive, then blocks, largest first; then by name
  Vector<MarkUse> marks;
  Vector<Vector<PlaceChange>> mark_changes;  // of each mark's growth, largest first; then by name
};

// Why what is alive cannot be known; empty: it can. The reader has been opened.
std::string_view usage_problem(const CaptureReader& reader);

// For each event of the reader, from the first one on, and then finish().
class UsageBuilder {
 public:
  UsageBuilder(const CaptureReader& reader, Symbols& symbols, Marks::Keep keep = Marks::Keep::All)
      : reader_(reader),
        symbols_(symbols),
        imports_(reader.facts().command_line),
        asides_(reader, imports_, symbols),
        marks_(ledger_, asides_, keep) {}
  UsageBuilder(const UsageBuilder&) = delete;
  UsageBuilder& operator=(const UsageBuilder&) = delete;

  // A mark that the program named has no site.
  void on_event(const Event& event, const Site* site);
  // Once, after the last event.
  Usage finish();

  // So far.
  const Ledger& ledger() const { return ledger_; }
  const Marks& marks() const { return marks_; }
  // By place, largest first.
  Vector<PlaceChange> places_of(const Growth& growth);

 private:
  Place place_of(const Site& site);
  void add_places(Usage& usage);

  const CaptureReader& reader_;
  Symbols& symbols_;
  Ledger ledger_;
  Imports imports_;
  Asides asides_;
  Marks marks_;
  std::uint64_t peak_after_ns_ = 0;
};

// "leak.py:12 make", or the engine caller. Control characters are escaped.
String shown_place(const Place& place, bool full_file_path);

}  // namespace pymemflow::report
