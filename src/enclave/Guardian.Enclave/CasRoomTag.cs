using Guardian.Cas.Client.Connection;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.Enclave;

/// <summary>Stores a value of a room as a tag in the CAS, under the session that gives the room its key.</summary>
internal sealed class CasRoomTag : IRoomTag
{
    /// <summary>The tag of the log's head; the session lists it under <c>tags</c>.</summary>
    public const string Head = "room";

    /// <summary>The tag of the secret that wraps the keys of data; the session lists it under <c>tags</c>.</summary>
    public const string KeySecret = "room-keys";

    // A member waits for this call, and a CAS that answers takes milliseconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly CasClient client;
    private readonly string session;
    private readonly string name;

    /// <param name="name">The name of the tag.</param>
    /// <param name="contract">The contract, which names the session.</param>
    /// <param name="client">The CAS, which the caller disposes.</param>
    public CasRoomTag(string name, RoomContract contract, CasClient client)
    {
        (this.name, this.client) = (name, client);
        session = contract.Cas.Session[..contract.Cas.Session.LastIndexOf('/')];
    }

    /// <inheritdoc/>
    public byte[]? Read() => Wait(limit => client.ReadTagAsync(session, name, limit));

    /// <inheritdoc/>
    public bool TryMove(byte[]? expected, byte[] next) => Wait(async limit =>
    {
        ReadOnlyMemory<byte>? current = expected is null ? null : (ReadOnlyMemory<byte>?)expected;
        return (await client.SetTagAsync(session, name, current, next, limit).ConfigureAwait(false)).Moved;
    });

    // Blocking is harmless: the room answers one question after another, under a lock, on a thread of its own.
    private T Wait<T>(Func<CancellationToken, Task<T>> call)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            return Task.Run(() => call(limit.Token)).GetAwaiter().GetResult();
        }
        catch (RefusedException failure)
        {
            throw Refuse(failure.Message, failure);
        }
        catch (OperationCanceledException failure)
        {
            throw Refuse($"no answer within {Patience.TotalSeconds:0} seconds", failure);
        }
    }

    private RefusedException Refuse(string cause, Exception failure) =>
        new(RoomReasons.CasAway.Because($"the CAS does not return the room's tag '{name}': {cause}"), failure);
}
