#pragma once
// The blocks that a writer's records go to, and the steps of changing them (block.h). For the
// recorder, on the writer's own thread; closing is for whoever ends the recording.

#include "interpose/recording/writer.h"

namespace pymemflow::interpose {

// Gives a new writer its window. The destination must outlive the writer. 0, or an error number.
int make_window(Destination& destination, Writer& writer);

// Makes room for a whole block. False: nothing more can be recorded.
bool change_block(Destination& destination, Writer& writer);

// Marks the writer's blocks as complete, as far as they are; not while its thread is in the middle
// of a record. And back, when the recording goes on. The numbers of its last blocks, added up.
std::uint64_t close_blocks(Writer& writer);
void reopen_blocks(Writer& writer);

}  // namespace pymemflow::interpose
