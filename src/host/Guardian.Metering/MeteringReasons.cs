using Guardian.Refusals;

namespace Guardian.Metering;

/// <summary>The reasons for which usage is not counted.</summary>
public static class MeteringReasons
{
    public static readonly RefusalReason DamagedJournal = new(
        "damaged-journal", RefusalKind.Damaged, "A line of a journal of EPC is not what the meter wrote.",
        "move the file away to begin a new one, and keep it for the accounts");

    public static readonly RefusalReason MissingJournal = new(
        "missing-journal", RefusalKind.Damaged, "A file of a journal of EPC is missing, and later ones are there.",
        "put it back beside the others");
}
