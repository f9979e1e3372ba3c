using System.Security.Cryptography;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Secrets;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>Lets people set, list and read the values of secrets, as the session says. Thread-safe.</summary>
internal sealed class SecretRegistry(Vault vault, TimeProvider time)
{
    /// <summary>Lists secrets without their values: all of them to readers of the session, to others those that they may set or
    /// read.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    public Task<Outcome<SecretList>> ListAsync(string session, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash.Of(callerKey.Span);
        return vault.TryRunAsync<SecretList>(transaction =>
        {
            if (transaction.FindSession(session) is not { } state)
            {
                return SessionTable.Absent(session);
            }
            var seesAll = state.Allows(state.Document.Access.Read, [caller]);
            List<SecretDescription> secrets =
            [
                .. state.Document.Secrets.Select(secret => Describe(state, secret, caller))
                    .Where(secret => seesAll || secret.MaySet || secret.MayRead),
            ];
            return seesAll || secrets.Count > 0
                ? new SecretList(session, state.Document.Hash, secrets)
                : SessionTable.Absent(session);
        });
    }

    /// <summary>Sets a value for the text of the session that the caller means.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    public Task<Outcome<SecretDescription>> SetAsync(SecretChange change, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash.Of(callerKey.Span);
        return vault.TryRunAsync<SecretDescription>(transaction =>
        {
            var (state, refusal) = Find(transaction, change.Session, change.Name, caller, secret => secret.Setters ?? AccessRule.Nobody);
            if (state is null)
            {
                return refusal!;
            }
            if (PinCheck.Compare(transaction.Log, state.Document.Cas) is { } other)
            {
                return other;
            }
            if (change.SessionHash != state.Document.Hash)
            {
                return CasReasons.Conflict.Because(
                    $"the session's text has the hash {state.Document.Hash}, not {change.SessionHash}; read what it says now, "
                    + "and set the value for this hash");
            }
            var secret = state.Document.Secrets.First(each => each.Name == change.Name);
            if (SecretValues.TryReadBytes(secret.Kind, change.Value) is not { } value)
            {
                return CasReasons.Invalid.Because(
                    $"the value does not fit '{secret.Name}': it must be {SecretValues.Describe(secret.Kind)}");
            }
            var next = Put(transaction, state, secret, value, caller);
            return Describe(next, secret, caller);
        });
    }

    /// <summary>Gives the key to which people seal values for this CAS.</summary>
    public Task<Outcome<SealingKey>> ReadSealingKeyAsync() =>
        vault.TryRunAsync<SealingKey>(transaction => SealedValues.FindOrCreateKey(transaction));

    /// <summary>Reads a value.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    public Task<Outcome<SecretReading>> ReadAsync(string session, string name, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash.Of(callerKey.Span);
        return vault.TryRunAsync<SecretReading>(transaction =>
        {
            var (state, refusal) = Find(transaction, session, name, caller, secret => secret.Readers);
            if (state is null)
            {
                return refusal!;
            }
            if (PinCheck.Compare(transaction.Log, state.Document.Cas) is { } other)
            {
                return other;
            }
            if (state.Stored.Secrets.GetValueOrDefault(name) is not { } stored)
            {
                return CasReasons.NotFound.Because($"'{session}/{name}' has no value yet");
            }
            transaction.Audit("secret-read", $"{session}/{name}", caller, $"version {stored.Set?.Version ?? 0}");
            var kind = state.Document.Secrets.First(secret => secret.Name == name).Kind;
            return new SecretReading(
                session, name, stored.Set?.Version ?? 0,
                kind == SecretKind.PrivateKey
                    ? Encoding.ASCII.GetBytes(PemEncoding.WriteString("PRIVATE KEY", stored.Value) + "\n")
                    : stored.Value);
        });
    }

    // A stranger gets the same answer whether the session or the secret exists or not.
    private static Outcome<SessionState> Find(
        VaultTransaction transaction, string session, string name, string caller, Func<SessionSecret, AccessRule> ruleOf)
    {
        var state = transaction.FindSession(session);
        var secret = state?.Document.Secrets.FirstOrDefault(each => each.Name == name);
        if (state is not null && secret is not null && state.Allows(ruleOf(secret), [caller]))
        {
            return state;
        }
        return state is null || !state.Allows(state.Document.Access.Read, [caller])
            ? SessionTable.Absent(session)
            : secret is null
                ? CasReasons.NotFound.Because($"there is no secret '{name}' in the session '{session}'")
                : CasReasons.Denied.Because(
                    $"the session does not let your key do this with '{name}'; "
                    + $"its 'set' is {secret.Setters?.ToString() ?? "absent"}, its 'read' is {secret.Readers}");
    }

    private SessionState Put(VaultTransaction transaction, SessionState state, SessionSecret secret, byte[] value, string caller)
    {
        var now = time.GetUtcNow();
        var last = state.Stored.Secrets.GetValueOrDefault(secret.Name);
        var hasGrace = last is not null && secret.Grace > TimeSpan.Zero;
        var stored = new StoredSecret(
            value, null, now, hasGrace ? last!.Value : null, hasGrace ? now + secret.Grace : null,
            new SetNote((last?.Set?.Version ?? 0) + 1, caller));
        var next = state with
        {
            Stored = state.Stored with
            {
                Secrets = new Dictionary<string, StoredSecret>(state.Stored.Secrets) { [secret.Name] = stored },
                Revision = state.Stored.Revision + 1,
            },
        };
        transaction.PutSession(next);
        transaction.Audit(
            "secret-set", $"{state.Document.Name}/{secret.Name}", caller,
            $"version {stored.Set!.Version}, for the session hash {state.Document.Hash}");
        return next;
    }

    private static SecretDescription Describe(SessionState state, SessionSecret secret, string caller)
    {
        var stored = state.Stored.Secrets.GetValueOrDefault(secret.Name);
        var source = secret switch
        {
            { Import: not null } => "import",
            { Setters: not null } => "people",
            { Value: not null } or { Sealed: not null } => "session",
            _ => "cas",
        };
        return new SecretDescription(
            secret.Name, SecretReader.NameOf(secret.Kind), source, secret.Setters is null || stored is not null,
            stored?.Set?.Version ?? 0, stored?.MadeAt, stored?.Set?.By,
            secret.Setters is { } setters && state.Allows(setters, [caller]), state.Allows(secret.Readers, [caller]));
    }
}
