using System.Collections.Concurrent;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Policy;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Rooms;
using Guardian.Portal.Pages;
using Guardian.Portal.Serving;
using Guardian.Sgx;

namespace Guardian.Cli.Desk;

/// <summary>The parts that all pages share: keys, work under way, the programs that this computer runs, and the way to a room.</summary>
/// <param name="end">Cancelled when <c>guardian open</c> ends.</param>
internal sealed class RoomDesk(CancellationToken end) : IAsyncDisposable
{
    // The key that the user chose for a contract whose room has no address yet.
    private readonly ConcurrentDictionary<string, string> chosen = new();

    public KeyRing Keys { get; } = new();

    public Jobs Jobs { get; } = new();

    public HostedPrograms Programs { get; } = new();

    /// <summary>The programs of tenants that this page started.</summary>
    public StartedPrograms Started { get; } = new();

    /// <summary>The logs that pages follow.</summary>
    public FollowedLogs Logs { get; } = new();

    /// <summary>Cancelled when <c>guardian open</c> ends.</summary>
    public CancellationToken End => end;

    /// <summary>Opens a contract by its short name, with the user's key for it.</summary>
    public OpenRoom Open(string id)
    {
        var entry = RoomShelf.Find(id, isContract: true);
        return Open(entry, RoomFile.Load(entry.Path));
    }

    /// <summary>Opens a contract, with the user's key for it.</summary>
    public OpenRoom Open(ShelfEntry entry, RoomFile file)
    {
        var known = KnownRoom.Find(file.Hash);
        // Votes of members who leave count too.
        string? NameOf(string? publicKey) => file.Signers.FirstOrDefault(member => member.PublicKey == publicKey)?.Name;
        List<KeyRow> keys = [.. Keys.Find(entry.Folder)
            .Concat(
                known is null || Path.GetDirectoryName(known.Key) == entry.Folder ? [] : new[] { Keys.Read(known.Key) }.OfType<KnownKey>())
            .Select(key => new KeyRow(key.Path, key.PublicKey is null ? null : NameOf(key.PublicKey) ?? ""))
            .Where(key => key.Member is not { Length: 0 })];
        var wanted = chosen.GetValueOrDefault(file.Hash) ?? known?.Key;
        var mine = keys.FirstOrDefault(key => key.Path == wanted && key.Member is not null)
            ?? keys.FirstOrDefault(key => key.Member is not null);
        var hosted = Programs.Find(HostedPrograms.RoomState(entry.Path));
        return new OpenRoom(entry, file, keys, mine, hosted ?? (known is null ? null : new Uri(known.Room)), hosted is not null);
    }

    /// <summary>Chooses the key by which the user is known in a room.</summary>
    public void Choose(RoomFile file, string key) => chosen[file.Hash] = key;

    /// <summary>Works over a connection to the room, which is verified first.</summary>
    public async Task<T> UseAsync<T>(OpenRoom room, Func<RoomClient, Task<T>> work, Action<RaTlsPeer, Appraisal>? onVerified = null)
    {
        var key = room.Mine ?? throw CliReasons.NotAMember.Refuse(
            "none of your unlocked keys is a member's", "unlock your key on the page of the contract");
        var address = room.Address ?? throw CliReasons.NoConnection.Refuse(
            "the address of the room is not known", "give it on the page of the contract, or run the room there");
        using var certificate = Keys.Use(key.Path, identity => identity.CreateClientCertificate(TimeProvider.System.GetUtcNow()));
        using var client = room.File.Connect(address, certificate, onVerified);
        return await work(client).ConfigureAwait(false);
    }

    /// <summary>Forgets the keys, and what they decrypted. Programs go on.</summary>
    public void Lock()
    {
        Keys.Lock();
        Logs.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Lock();
        await Started.DisposeAsync().ConfigureAwait(false);
        await Programs.DisposeAsync().ConfigureAwait(false);
    }
}

/// <summary>A contract and the user's place in it.</summary>
/// <param name="Entry">Its file.</param>
/// <param name="File">Its content.</param>
/// <param name="Keys">The keys of members, and the locked ones.</param>
/// <param name="Mine">The key by which the user is known here; null for none.</param>
/// <param name="Address">Where the room is; null when it is not known.</param>
/// <param name="IsHosted">Whether this computer runs it.</param>
internal sealed record OpenRoom(
    ShelfEntry Entry, RoomFile File, IReadOnlyList<KeyRow> Keys, KeyRow? Mine, Uri? Address, bool IsHosted)
{
    /// <summary>The head of a page.</summary>
    public RoomHead Head(string tab) => new(
        Entry.Id, File.Contract.Name, Mine?.Member, tab, File.Contract.Enclave.Platforms.Contains(PlatformKind.Simulated),
        File.Contract.Roles.Query.Contains(Mine?.Member), File.Contract.Roles.Receive.Contains(Mine?.Member),
        SignedContract.Verify(File.Contract, File.ReadSignatures(), out _, File.Previous) is not null);

    /// <summary>The address of a page of this room.</summary>
    public string Url(string rest = "") => $"/rooms/{Entry.Id}{rest}";
}
