#pragma once
// One section of distributions: records by key, in DTrace's order and bytes. Report side, one
// thread.

#include <cstdint>
#include <string_view>
#include <utility>

#include "report/base/memory.h"
#include "report/base/output.h"
#include "report/dtrace/quantize.h"

namespace pymemflow::report {

// sum() and quantize() are two aggregations in the D script, and so they are here.
struct Distribution {
  std::int64_t sum = 0;  // wraps
  Quantize quantize;

  void add(std::uint64_t value);
  // `count` values of one bucket, `values` in all.
  void add(int bucket, std::uint64_t count, std::uint64_t values);
};

class Section {
 public:
  enum class Key { kEngineCaller, kFileAndFunction };

  explicit Section(Key key) : key_(key) {}

  // The record of this key, made when it is new; it does not move. `function` is empty where the
  // key is an engine caller. Keys are what is shown: names that look alike are one record.
  Distribution& record(std::string_view place, std::string_view function = {});

  // The records by sum, then weight, then count of zeros, then the key's bytes.
  // `limit`: of records, the last ones; 0: none.
  void write(Output& output, std::uint64_t limit = 0) const;

 private:
  using KeyText = std::pair<String, String>;

  Key key_;
  Map<KeyText, Distribution> records_;
};

}  // namespace pymemflow::report
