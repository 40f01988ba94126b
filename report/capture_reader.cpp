#include "report/capture_reader.h"

#include <algorithm>
#include <utility>

namespace pymemflow::report {

using interpose::BlockHead;
using interpose::Effect;
using interpose::Event;
using interpose::Function;
using interpose::RecordKind;
using interpose::Word;

namespace {

// What Malloc, Free and Calloc have in common.
void read_short(std::span<const Word> record, Function function, Event& event) {
  event.function = function;
  event.site = interpose::short_site(record[0]);
  event.arguments[1] = 0;
  event.arguments[2] = 0;
  event.result = interpose::short_address(record[0]);
}

void read_call(std::span<const Word> record, Event& event) {
  event.function = static_cast<Function>(interpose::call_function(record[0]));
  event.site = interpose::call_site(record[0]);
  const interpose::FunctionTraits& function = traits(event.function);
  const std::size_t count = function.arguments.size();
  for (std::size_t i = 0; i < interpose::kMaxArguments; ++i) {
    event.arguments[i] = i < count ? record[1 + i] : 0;
  }
  event.result = function.effect == Effect::Release ? 0 : record[1 + count];
}

}  // namespace

CaptureError CaptureReader::open() {
  if (const CaptureError error = read_index(file_, index_); error != CaptureError::None) {
    return error;
  }
  // Each number costs a definition of two words at least.
  names_.set_limit(index_.blocks.size() * (interpose::kBlockWords / 2) + 1);
  const std::span<const BlockPlace> blocks = index_.blocks;
  for (std::size_t first = 0; first < blocks.size();) {
    std::size_t last = first;
    while (last < blocks.size() && blocks[last].writer == blocks[first].writer) ++last;
    Stream stream;
    stream.blocks = blocks.subspan(first, last - first);
    streams_.push_back(std::move(stream));
    first = last;
  }
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = streams_[i];
    if (!load_block(stream)) continue;
    push(i);
  }
  return CaptureError::None;
}

bool CaptureReader::next(Event& event, const Site*& site) {
  while (take_event(event)) {
    site = names_.find(event.site);
    if (site != nullptr) [[likely]] {
      ++recorded_;
      return true;
    }
    ++damaged_;
  }
  return false;
}

bool CaptureReader::take_event(Event& event) {
  if (!has_held_) {
    if (!take_in_order(event)) return false;
    if (pending_moves_ == 0) [[likely]]
      return true;
    held_ = event;
    has_held_ = true;
  }
  if (Stream* overtaken = find_overtaken(held_)) {
    // What that Move hands out may be the old block of yet another one. (As long as a chain can be:
    // damaged records may go in circles.)
    for (std::size_t links = pending_moves_; links > 1; --links) {
      Stream* const before = find_overtaken(overtaken->pending);
      if (before == nullptr || before == overtaken) break;
      overtaken = before;
    }
    event = take_pending(*overtaken);
    return true;
  }
  has_held_ = false;
  event = held_;
  return true;
}

bool CaptureReader::take_in_order(Event& event) {
  for (;;) {
    if (current_ == kNone) {
      if (heap_.empty()) return false;
      current_ = pop();
    }
    Stream& stream = streams_[current_];
    if (stream.has_pending) {
      event = take_pending(stream);
      return true;
    }
    switch (step(stream, event)) {
      case Step::Event:
        return true;
      case Step::Turn:
        push(current_);
        break;
      case Step::End:
        break;
    }
    current_ = kNone;
  }
}

Event CaptureReader::take_pending(Stream& stream) {
  stream.has_pending = false;
  --pending_moves_;
  return stream.pending;
}

CaptureReader::Step CaptureReader::step(Stream& stream, Event& event) {
  for (;;) {
    if (stream.position >= stream.words.size() && !load_block(stream)) return Step::End;
    if (stream.words.empty()) continue;
    const std::span<const Word> record = take_record(stream);
    if (record.empty()) {
      ++damaged_;
      stream.position = stream.words.size();
      continue;
    }
    event.thread = stream.thread;
    switch (interpose::kind_of(record[0])) {
      case RecordKind::Malloc:
        read_short(record, Function::malloc, event);
        event.arguments[0] = record[1];
        return Step::Event;
      case RecordKind::Free:
        read_short(record, Function::free, event);
        event.arguments[0] = std::exchange(event.result, 0);
        return Step::Event;
      case RecordKind::Calloc:
        read_short(record, Function::calloc, event);
        event.arguments[0] = interpose::low_half(record[1]);
        event.arguments[1] = interpose::high_half(record[1]);
        return Step::Event;
      case RecordKind::Call:
        read_call(record, event);
        if (is_followed_by_end(stream)) return hold_back(stream, event);
        return Step::Event;
      case RecordKind::Turn:
        stream.key = interpose::stamp_of(record[0]);
        return Step::Turn;
      case RecordKind::Definition:
        define(record, stream);
        break;
      case RecordKind::MoveEnd:
        ++damaged_;  // without its Move
        break;
      case RecordKind::End:
        break;
    }
  }
}

bool CaptureReader::is_followed_by_end(const Stream& stream) {
  return stream.position < stream.words.size() &&
         interpose::kind_of(stream.words[stream.position]) == RecordKind::MoveEnd;
}

CaptureReader::Step CaptureReader::hold_back(Stream& stream, const Event& event) {
  stream.key = interpose::stamp_of(stream.words[stream.position++]);
  stream.pending = event;
  stream.has_pending = true;
  ++pending_moves_;
  return Step::Turn;
}

bool CaptureReader::load_block(Stream& stream) {
  while (stream.next_block < stream.blocks.size()) {
    const BlockPlace& place = stream.blocks[stream.next_block++];
    stream.words.resize(place.used_bytes / sizeof(Word));
    stream.position = 0;
    const bool is_read = read_at(file_, stream.words.data(), place.used_bytes, place.offset);
    const bool is_whole =
        is_read &&
        (place.is_window ||
         interpose::checksum_of(stream.words.data(), stream.words.size()) == place.checksum);
    if (!is_whole) {
      ++damaged_;
      continue;
    }
    stream.key = place.stamp;
    stream.thread = place.thread;
    return true;
  }
  stream.words.clear();
  return false;
}

std::span<const Word> CaptureReader::take_record(Stream& stream) {
  const std::span<const Word> rest = std::span<const Word>(stream.words).subspan(stream.position);
  std::size_t words = 1;
  switch (interpose::kind_of(rest[0])) {
    case RecordKind::End:
      // What was written ends here.
      stream.position = stream.words.size();
      return rest[0] == 0 ? rest.first(1) : std::span<const Word>{};
    case RecordKind::Malloc:
    case RecordKind::Calloc:
      words = 2;
      break;
    case RecordKind::Call: {
      const std::size_t function = interpose::call_function(rest[0]);
      if (function >= interpose::kFunctionCount) return {};
      words = interpose::call_words(interpose::kFunctions[function]);
      break;
    }
    case RecordKind::Definition:
      words = interpose::definition_words(rest[0]);
      break;
    case RecordKind::Free:
    case RecordKind::Turn:
    case RecordKind::MoveEnd:
      break;
  }
  if (words == 0 || words > rest.size()) return {};
  stream.position += words;
  return rest.first(words);
}

void CaptureReader::define(std::span<const Word> record, Stream& stream) {
  using interpose::DefinitionKind;
  using interpose::high_half;
  using interpose::low_half;
  const std::uint32_t number = interpose::definition_number(record[0]);
  const auto has = [&](std::size_t payload) { return record.size() == payload + 1; };
  switch (interpose::definition_kind(record[0])) {
    case DefinitionKind::Text:
      if (record.size() < 2 || record[1] > (record.size() - 2) * sizeof(Word)) break;
      names_.add_text(number, {reinterpret_cast<const char*>(record.data() + 2), record[1]});
      return;
    case DefinitionKind::Code:
      if (!has(3)) break;
      names_.add_code(number, low_half(record[1]), high_half(record[1]), low_half(record[2]),
                      static_cast<std::int32_t>(high_half(record[2])), record[3]);
      return;
    case DefinitionKind::Site:
      if (!has(1)) break;
      names_.add_site(number, low_half(record[1]), static_cast<std::int32_t>(high_half(record[1])));
      return;
    case DefinitionKind::Caller:
      if (!has(1)) break;
      names_.add_caller(number, record[1]);
      return;
    case DefinitionKind::Module:
      if (!has(3)) break;
      names_.add_module(number, record[1], record[2], record[3]);
      return;
    case DefinitionKind::Thread:
      stream.thread = number;
      return;
  }
  ++damaged_;
}

CaptureReader::Stream* CaptureReader::find_overtaken(const Event& event) {
  if (pending_moves_ == 0 || event.result == 0) return nullptr;
  for (Stream& stream : streams_) {
    if (stream.has_pending && stream.pending.arguments[0] == event.result) return &stream;
  }
  return nullptr;
}

void CaptureReader::push(std::uint32_t stream) {
  heap_.push_back(stream);
  std::push_heap(heap_.begin(), heap_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return streams_[a].key > streams_[b].key;
  });
}

std::uint32_t CaptureReader::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return streams_[a].key > streams_[b].key;
  });
  const std::uint32_t stream = heap_.back();
  heap_.pop_back();
  return stream;
}

}  // namespace pymemflow::report
