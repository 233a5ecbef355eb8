#pragma once

// Ordered containers in one block of memory, for maps that are small or rarely change.
//
// Boost's, under names of our own. Inserting and erasing cost O(size) and move the elements: every
// reference and iterator into the container is then gone. Looking up is O(log size).

#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>

namespace millrace {

/// A map as a sorted vector of pairs.
template <typename Key, typename Value>
using FlatMap = boost::container::flat_map<Key, Value>;

/// A set as a sorted vector.
template <typename Key>
using FlatSet = boost::container::flat_set<Key>;

}  // namespace millrace
