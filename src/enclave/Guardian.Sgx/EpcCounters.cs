namespace Guardian.Sgx;

/// <summary>What the SGX driver shows of the EPC (<c>sgx_nr_*</c>), in pages of 4 KiB.</summary>
/// <param name="Total">Pages there are.</param>
/// <param name="Free">Pages no enclave holds.</param>
/// <param name="Low">Below so many free pages, the reclaimer starts.</param>
/// <param name="High">At so many free pages, it stops.</param>
/// <param name="MarkedOld">Times a page was found unused since the reclaimer last passed, so far.</param>
/// <param name="Evicted">Pages written out (EWB), so far.</param>
/// <param name="Allocated">Pages held now, those of SECS and version arrays included.</param>
/// <param name="LoadedBack">Pages loaded back (ELDU), so far.</param>
/// <param name="Enclaves">Enclaves there are now.</param>
public readonly record struct EpcCounters(
    long Total, long Free, long Low, long High, long MarkedOld, long Evicted, long Allocated, long LoadedBack, long Enclaves);
