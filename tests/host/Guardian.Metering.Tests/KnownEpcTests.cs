namespace Guardian.Metering.Tests;

public sealed class KnownEpcTests : IDisposable
{
    private static readonly Guid Instance = Guid.Parse("00000000-0000-0000-0000-000000000001");

    private readonly TemporaryFolder folder = new();

    private string Path => folder.File("epc.journal");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_server_that_lost_its_EPC_is_still_known_by_journal_and_claims()
    {
        Assert.Null(KnownEpc.Read(Path));
        using (var journal = Journal.Open(Path, _ => { }))
        {
            var clock = new ClockReading(Guid.Empty, 1, 1);
            journal.Append(
            [
                JournalRecord.At(clock, JournalKind.Defined, Instance, 8, "project", "sgx.small"),
                JournalRecord.At(clock, JournalKind.Defined, Instance, 16, "project", "sgx.large"),
                JournalRecord.At(clock, JournalKind.Removed, Instance),
                JournalRecord.At(clock, JournalKind.Defined, Instance, 0, "project", "sgx.large"),
            ]);
        }
        var known = KnownEpc.Read(Path)!;
        Assert.Equal(16, known.FindMebibytes(Instance, "sgx.large"));
        Assert.Equal(8, known.FindMebibytes(Instance, "sgx.small"));
        Assert.Null(known.FindMebibytes(Instance, "m1.tiny"));
        Assert.Null(known.FindMebibytes(Guid.Empty, "sgx.large"));

        // A claim is newer than the journal, and the only place for a server that the meter never saw.
        using (var claims = KnownClaims.Open(KnownClaims.PathBeside(Path)))
        {
            claims.Note(Instance, "sgx.large", [new(Guid.Empty, 0, 4), new(Guid.Empty, 1, 4)]);
            claims.Note(Guid.Empty, "sgx.small", [new(Guid.Empty, null, 2)]);
        }
        known = KnownEpc.Read(Path)!;
        Assert.Equal(8, known.FindMebibytes(Instance, "sgx.large"));
        Assert.Equal(2, known.FindMebibytes(Guid.Empty, "sgx.small"));
    }
}
