using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;
using Guardian.Refusals;
using Guardian.Sgx;

namespace Guardian.CleanRoom.Room;

/// <summary>A running room: its members, its description and its log; its data sets; and its questions. Thread-safe.</summary>
public sealed class RoomService : IDisposable
{
    private readonly RoomState state;
    private readonly SemaphoreSlim turn = new(1);
    private readonly Dictionary<string, SemaphoreSlim> turnsOfMembers;

    private RoomService(RoomState state, TimeProvider time)
    {
        this.state = state;
        turnsOfMembers = state.Contract.Members.ToDictionary(member => member.Name, _ => new SemaphoreSlim(1));
        DataSets = new RoomDataSets(state, time);
        Questions = new RoomQuestions(state);
        Succession = new RoomSuccession(state);
    }

    /// <summary>The data sets of the room.</summary>
    public RoomDataSets DataSets { get; }

    /// <summary>The questions to the room.</summary>
    public RoomQuestions Questions { get; }

    /// <summary>The end of the room in favour of a successor.</summary>
    public RoomSuccession Succession { get; }

    /// <summary>Bytes of the largest chunk of any data set.</summary>
    public int MaxChunkSize => ChunkCipher.TagSize + state.Contract.DataSets.Max(dataSet =>
        Math.Max(state.Layout.GroupSize(dataSet.Keyed()), state.Layout.GroupSize(dataSet.InForm(UploadForm.Changes))));

    /// <summary>Opens a room on its state folder.</summary>
    /// <param name="signed">The contract.</param>
    /// <param name="roomKey">32 bytes, from the CAS.</param>
    /// <param name="stateDirectory">On the untrusted disk; created when missing. Each contract has a folder of its own in it.</param>
    /// <param name="enclave">The enclave in which the room runs.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="RefusedException">The host changed or rolled back the files, or the head of the log cannot be reached.</exception>
    public static RoomService Open(
        SignedContract signed, ReadOnlySpan<byte> roomKey, string stateDirectory, RoomEnclave enclave, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(signed);
        ArgumentNullException.ThrowIfNull(enclave);
        return new RoomService(RoomState.Open(signed, roomKey, stateDirectory, enclave, time), time);
    }

    /// <summary>
    /// Runs work that may take minutes, such as a question or a commit, when its turn comes. Work that waits holds no thread, so other
    /// calls are served meanwhile. Each member has one place in the queue, so nobody waits for the many calls of another one.
    /// </summary>
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="member">The member who calls.</param>
    /// <param name="work">The work. It runs on a thread of the pool, and is not cancelled once it has begun.</param>
    /// <param name="cancellation">Stops the waiting.</param>
    /// <returns>The result.</returns>
    /// <exception cref="OperationCanceledException">The caller left before its turn came; the work was not begun.</exception>
    public async Task<T> TakeTurnAsync<T>(RoomMember member, Func<T> work, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(member);
        ArgumentNullException.ThrowIfNull(work);
        var own = turnsOfMembers[member.Name];
        await own.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await turn.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                return await Task.Run(work, CancellationToken.None).ConfigureAwait(false);
            }
            finally
            {
                turn.Release();
            }
        }
        finally
        {
            own.Release();
        }
    }

    /// <summary>Finds the member with a key.</summary>
    /// <param name="subjectPublicKeyInfo">DER, as TLS proved it.</param>
    /// <returns>The member, or null.</returns>
    public RoomMember? FindMember(ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        var key = Convert.ToBase64String(subjectPublicKeyInfo);
        return state.Contract.Members.FirstOrDefault(member => member.PublicKey == key);
    }

    /// <summary>Describes the room to a member.</summary>
    public RoomDescription Describe(RoomMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        var epc = state.Enclave.ReadEpcCounters() is { } pages
            ? new EpcDescription(
                pages.Total, pages.Free, pages.Low, pages.High, pages.MarkedOld, pages.Evicted, pages.Allocated, pages.LoadedBack)
            : null;
        var dataSets = state.Contract.DataSets.Select(dataSet =>
        {
            var version = state.FindVersion(dataSet.Name);
            var own = dataSet.Owner == member.Name ? version : null;
            return new DataSetState(dataSet.Name, dataSet.Owner, version?.Version) { Digest = own?.Digest, Rows = own?.Rows };
        });
        var platform = state.Enclave.Platform == PlatformKind.Simulated ? "simulated" : "hardware";
        return new RoomDescription(state.Contract.Name, state.Hash, member.Name, platform, [.. dataSets], epc)
        {
            Shards = state.Engines.States,
        };
    }

    /// <summary>Reads the whole log. Its outcomes are for members only when the host cannot drop them any more.</summary>
    /// <exception cref="RefusedException">The head of the log is behind, and cannot be reached.</exception>
    public LogPage ReadLog()
    {
        var page = new LogPage(state.Log.Entries);
        state.Log.Confirm();
        return page;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        state.Dispose();
        turn.Dispose();
        foreach (var own in turnsOfMembers.Values)
        {
            own.Dispose();
        }
    }
}
