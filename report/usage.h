#pragma once
// What a whole capture says of memory: totals, the highest mark, and by place what was alive at the
// end. Places are what people look for, a line of a Python function or an engine caller, where the
// sites of the record are instructions. Report side, one thread.

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

#include "report/capture_reader.h"
#include "report/imports.h"
#include "report/ledger.h"
#include "report/memory.h"
#include "report/symbols.h"

namespace pymemflow::report {

struct Place {
  bool has_frame = false;
  String file;  // co_filename, whole
  String function;
  std::int32_t line = 0;
  String caller;  // without a frame: as DTrace's usym() has it
  String module;  // without a frame: the path of the file that called; empty: unknown
};

// Why what is alive at the end need be no leak; report/asides.h tells them apart.
enum class Aside : std::uint8_t {
  Import,       // handed out while a module was being imported (report/imports.h)
  Class,        // to the code of the standard library that makes classes
  Environment,  // to os.environ, whose values the C library keeps
  Engine,  // to the interpreter, the C library or the loader themselves, no Python code running
};
inline constexpr std::size_t kAsides = 4;

struct Amount {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;

  void add(const Amount& other);
};

struct PlaceUse {
  Place place;
  Holding holding;
  std::array<Amount, kAsides> aside = {};  // of what is alive

  Amount leaked() const;  // what is alive and was not set aside
};

struct Usage {
  Holding total;
  Ledger::Peak peak;
  String peak_place;                // empty: nothing was ever alive
  std::uint64_t peak_after_ns = 0;  // since the start; the peak was no earlier
  std::uint64_t events = 0;
  std::uint64_t unknown_releases = 0;
  Vector<PlaceUse> places;  // by bytes alive, then blocks, largest first; then by name
};

// Why what is alive cannot be known; empty: it can. The reader has been opened.
std::string_view usage_problem(const CaptureReader& reader);

// For each event of the reader, from the first one on, and then finish().
class UsageBuilder {
 public:
  UsageBuilder(const CaptureReader& reader, Symbols& symbols)
      : reader_(reader), symbols_(symbols), imports_(reader.facts().command_line) {}

  void on_event(const interpose::Event& event, const Site& site);
  // Once, after the last event.
  Usage finish();

 private:
  Place place_of(const Site& site);
  void add_places(Usage& usage);
  void set_aside(HashMap<interpose::SiteId, std::array<Amount, kAsides>>& amounts);

  const CaptureReader& reader_;
  Symbols& symbols_;
  Ledger ledger_;
  Imports imports_;
  std::uint64_t peak_after_ns_ = 0;
  std::uint64_t first_frame_ =
      std::numeric_limits<std::uint64_t>::max();  // event of the first code
};

// "leak.py:12 make", or the engine caller. Control characters are escaped.
String shown_place(const Place& place, bool full_file_path);

}  // namespace pymemflow::report
