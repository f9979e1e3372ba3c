namespace Guardian.Sgx;

/// <summary>The SGX driver's counters of the EPC (<c>sgx_nr_*</c>), in pages of 4 KiB.</summary>
/// <param name="Total">All pages.</param>
/// <param name="Free">Pages that no enclave holds.</param>
/// <param name="Low">The reclaimer starts below this number of free pages.</param>
/// <param name="High">The reclaimer stops at this number of free pages.</param>
/// <param name="MarkedOld">Pages that the reclaimer found unused, so far.</param>
/// <param name="Evicted">Pages written out (EWB), so far.</param>
/// <param name="Allocated">Pages in use now, including those of SECS and version arrays.</param>
/// <param name="LoadedBack">Pages loaded back (ELDU), so far.</param>
/// <param name="Enclaves">Enclaves that exist now.</param>
public readonly record struct EpcCounters(
    long Total, long Free, long Low, long High, long MarkedOld, long Evicted, long Allocated, long LoadedBack, long Enclaves);
