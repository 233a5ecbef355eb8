// Every object of system/ is linked into this program, and nothing of sim/: were there a hidden
// edge from the system to the simulator, it would not link. Running it proves that it loads.

int main() { return 0; }
