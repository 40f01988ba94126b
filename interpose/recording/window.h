#pragma once
// The blocks that a writer fills with records, and the steps of changing them (capture/block.h).
// For the recorder, on the writer's own thread. The functions that close and reopen are for the end
// of the recording.

#include "interpose/recording/writer.h"

namespace pymemflow::interpose {

// Gives a new writer its window. The destination must outlive the writer. 0, or an error number.
int make_window(Destination& destination, Writer& writer);

// Makes room for a whole block. False: nothing more can be recorded.
bool change_block(Destination& destination, Writer& writer);

// Marks the writer's blocks as complete, unless its thread is in the middle of a record. Returns
// the sum of the numbers of its last blocks. reopen_blocks() undoes it.
std::uint64_t close_blocks(Writer& writer);
void reopen_blocks(Writer& writer);

// Calls the function of the file for each area that the writer has mapped. False: it failed.
bool visit_areas(Destination& destination, Writer& writer,
                 bool (CaptureFile::*visit)(BlockHead*, std::size_t));

// In a forked child: the parent's blocks are replaced by private memory, in which a recorder that
// the forking handler interrupted may end its record.
void leave_blocks(Destination& destination, Writer& writer);

// In a forked child: gives back the memory of the parent's blocks.
void unmap_blocks(const Destination& destination, Writer& writer);

}  // namespace pymemflow::interpose
