#include "report/dtrace/section.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <tuple>

namespace pymemflow::report {
namespace {

template <class Record>
struct Ranked {
  long double weight;
  std::size_t key_order;
  const Record* record;

  bool operator<(const Ranked& other) const { return rank() < other.rank(); }

 private:
  auto rank() const {
    const Distribution& distribution = record->second;
    const std::int64_t zeros = distribution.quantize.count(kZeroBucket);
    return std::make_tuple(distribution.sum, weight, zeros, key_order);
  }
};

// The map iterates by key, with bytes unsigned, so the position in the map gives the order of keys.
template <class Records>
auto in_order(const Records& records) {
  using Record = typename Records::value_type;
  Vector<Ranked<Record>> ranked;
  ranked.reserve(records.size());
  for (const Record& record : records) {
    ranked.push_back({record.second.quantize.weight(), ranked.size(), &record});
  }
  std::sort(ranked.begin(), ranked.end());
  return ranked;
}

}  // namespace

void Distribution::add(std::uint64_t value) {
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) + value);
  quantize.add(static_cast<std::int64_t>(value));
}

void Distribution::add(int bucket, std::uint64_t count, std::uint64_t values) {
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) + values);
  quantize.add_to_bucket(bucket, static_cast<std::int64_t>(count));
}

Distribution& Section::record(std::string_view place, std::string_view function) {
  return records_[KeyText(place, function)];
}

void Section::write(Output& output, std::uint64_t limit) const {
  String text;
  const auto records = in_order(records_);
  const std::size_t skipped = limit == 0 || limit >= records.size() ? 0 : records.size() - limit;
  for (const auto& ranked : std::span(records).subspan(skipped)) {
    const auto& [names, distribution] = *ranked.record;
    text = "   ";
    text += names.first;
    if (key_ == Key::kFileAndFunction) {
      text += ", ";
      text += names.second;
      text += ", bytes total = ";
    } else {
      text += ", total bytes = ";
    }
    fmt::format_to(std::back_inserter(text), "{} \n", distribution.sum);
    distribution.quantize.draw(text);
    text += '\n';
    output.write(text);
  }
}

}  // namespace pymemflow::report
