using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Secrets;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Cas.Workloads;
using Guardian.Refusals;

namespace Guardian.Cas.Admissions;

/// <summary>An admitted service, with everything from the store that its configuration needs. Immutable.</summary>
/// <param name="Secrets">The secret, and its owner, for each name of the session.</param>
/// <param name="Volumes">The volume, and its owner, for each name of the session.</param>
/// <param name="Tags">The present tags of the service's volumes.</param>
/// <param name="Workloads">Issues the service's workload certificate.</param>
/// <param name="Request">What the enclave says about its start.</param>
internal sealed record Admission(
    SessionState State, SessionService Service, IReadOnlyDictionary<string, SharedItem> Secrets,
    IReadOnlyDictionary<string, SharedItem> Volumes, IReadOnlyDictionary<string, byte[]?> Tags, WorkloadAuthority Workloads,
    ConfigurationRequest Request)
{
    /// <summary>All sessions whose secrets the service gets.</summary>
    public IEnumerable<SessionState> Sessions => Secrets.Values.Select(secret => secret.State).DistinctBy(state => state.Document.Name);

    /// <summary>Collects everything that the configuration of a service needs.</summary>
    public static Outcome<Admission> Create(
        VaultTransaction transaction, SessionState state, SessionService service, ConfigurationRequest request)
    {
        var (secrets, volumes) = (new Dictionary<string, SharedItem>(), new Dictionary<string, SharedItem>());
        foreach (var name in state.Document.Secrets.Select(secret => secret.Name))
        {
            var (secret, refusal) = Imports.ResolveSecret(transaction, state, name);
            if (secret is null)
            {
                return refusal!;
            }
            secrets[name] = secret;
        }
        foreach (var name in state.Document.Volumes.Select(volume => volume.Name))
        {
            var (volume, refusal) = Imports.ResolveVolume(transaction, state, name);
            if (volume is null)
            {
                return refusal!;
            }
            volumes[name] = volume;
        }
        if (secrets.FirstOrDefault(secret => !secret.Value.HasKey && NeedsKey(service, secret.Key)) is { Key: { } keyless })
        {
            return CasReasons.Denied.Because(
                $"'{keyless}' comes without its private key; its session must export it with 'session_hash' and 'private_key: true'");
        }
        if (secrets.FirstOrDefault(secret => IsWrittenAs(service, secret.Key, "pkcs12")
            && !KeyStore.CanHold(secret.Value.State.Stored.Secrets.GetValueOrDefault(secret.Value.Name)?.Key)) is { Key: { } unfit })
        {
            return CasReasons.Denied.Because($"'{unfit}' has an Ed25519 key, which PKCS#12 does not take here; give it another 'key_type'");
        }
        var tags = service.Volumes.ToDictionary(
            mount => mount.Name,
            mount => mount.Update.KeepsTag()
                ? transaction.FindTag(TagTable.RowOf(volumes[mount.Name], mount.IsPerReplica ? request.Replica : null))
                : null);
        return new Admission(state, service, secrets, volumes, tags, WorkloadAuthority.FindOrCreate(transaction), request);
    }

    /// <summary>Makes the startup configuration.</summary>
    /// <param name="workloadKey">The key of the workload certificate, SubjectPublicKeyInfo; null for none.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="RefusedException">The configuration is too large.</exception>
    public StartupConfiguration Configure(byte[]? workloadKey, DateTimeOffset now)
    {
        var filler = new ConfigurationFiller(this, now);
        return new StartupConfiguration
        {
            Session = State.Document.Name,
            Service = Service.Name,
            SessionHash = State.Document.Hash,
            IsImmutable = State.Document.Access.IsImmutable,
            PinnedVariables =
            [
                .. Service.Environment
                    .Where(variable => Placeholders.NamesIn(variable.Value) is { Count: > 0 } names && names.All(IsPinned))
                    .Select(variable => variable.Key),
            ],
            Command = [.. Service.Command.Select(filler.FillText)],
            Environment = new Dictionary<string, string>(ReplicaVariable.Concat(
                Service.Environment.Select(variable => KeyValuePair.Create(variable.Key, filler.FillText(variable.Value))))
                .DistinctBy(variable => variable.Key)),
            Pwd = Service.Pwd,
            Program = StartCheck.FindProgram(Service, Request.Program),
            Files = [.. Service.Files.Select(file => new InjectedFile(file.Path, filler.Fill(file.Content), file.Mode))],
            Volumes = [.. Service.Volumes.Select(Configure)],
            Network = new NetworkConfiguration(
                [.. Service.Listen.Select(listen => Configure(listen, filler))],
                [.. Service.Connect.Select(connect => Configure(connect, filler))]),
            Workload = workloadKey is null
                ? null
                : Workloads.Issue(State.Document, Service, StartCheck.FindProgram(Service, Request.Program), workloadKey, now),
            Stdio = new StdioConfiguration(Service.EncryptsStdio ? State.Stored.Keys[SessionState.StdioKey(Service.Name)] : null),
            Limits = Service.Limits,
            Host = Service.Host,
        };
    }

    /// <summary>Finds the value of a secret, or its previous one; null when there is no previous value or its grace is over.</summary>
    public SecretValue? FindValue(string name, bool isPrevious, DateTimeOffset now)
    {
        var (owner, ownName, hasKey) = Secrets[name];
        var secret = DescriptionOf(owner, ownName);
        if (secret.Kind == SecretKind.Jwt)
        {
            return new SecretValue(secret.Kind, TokenMaker.Make(secret, owner.Stored.Secrets[secret.PrivateKey!].Value, now), null, []);
        }
        var stored = owner.Stored.Secrets[ownName];
        if (isPrevious)
        {
            return stored.Previous is { } previous && now < stored.PreviousUntil ? new SecretValue(secret.Kind, previous, null, []) : null;
        }
        var issuers = new List<byte[]>();
        for (var above = secret.Issuer; above is not null && DescriptionOf(owner, above).Issuer is { } next; above = next)
        {
            issuers.Add(owner.Stored.Secrets[above].Value);
        }
        return new SecretValue(secret.Kind, stored.Value, hasKey ? stored.Key : null, issuers);
    }

    private static bool NeedsKey(SessionService service, string secret) =>
        service.Listen.Any(listen => listen.Identity == secret) || service.Connect.Any(connect => connect.Identity == secret)
        || IsWrittenAs(service, secret, "privatekey") || IsWrittenAs(service, secret, "pkcs12");

    private static bool IsWrittenAs(SessionService service, string secret, string format) =>
        service.Command.Concat(service.Environment.Values).Concat(service.Files.Select(file => file.Content))
            .Any(text => Placeholders.NamesIn(text, format).Contains(secret));

    // A replica may know which one it is: its own folder says so anyway.
    private IEnumerable<KeyValuePair<string, string>> ReplicaVariable => Request.Replica is { } replica
        ? [KeyValuePair.Create("GUARDIAN_REPLICA", replica.ToString(CultureInfo.InvariantCulture))]
        : [];

    private bool IsPinned(string secret) =>
        State.Document.Secrets.First(each => each.Name == secret) is { IsPinned: true, IsForPeople: false, Import: null, Exports.Count: 0 };

    private static SessionSecret DescriptionOf(SessionState state, string name) =>
        state.Document.Secrets.First(secret => secret.Name == name);

    private VolumeConfiguration Configure(VolumeMount mount)
    {
        var (owner, name, _) = Volumes[mount.Name];
        // An ephemeral volume begins empty: its previous content has another key.
        var replica = mount.IsPerReplica ? Request.Replica : null;
        var key = mount.Update == VolumeUpdate.Ephemeral
            ? RandomNumberGenerator.GetBytes(SessionState.KeySize)
            : KeyOf(owner.Stored.Keys[SessionState.VolumeKey(name)], replica);
        var regions = owner.Document.Volumes.First(volume => volume.Name == name).Regions;
        return new VolumeConfiguration(
            ReplicaName.Of(mount.Name, replica), mount.Path, key, Tags[mount.Name], mount.Update, regions);
    }

    // The volumes of two replicas are never each other's: the host could exchange their folders.
    private static byte[] KeyOf(byte[] key, int? replica) => replica is { } number
        ? HKDF.DeriveKey(
            HashAlgorithmName.SHA256, key, SessionState.KeySize,
            info: Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"guardian-cas volume of replica {number}")))
        : key;

    private ListenConfiguration Configure(SessionListen listen, ConfigurationFiller filler)
    {
        var (chain, key, authority) = FindCertificates(listen.Identity, listen.Authority, filler);
        return new ListenConfiguration(listen.Port, listen.Protocol, chain, key, authority, FindPeers(listen.Protocol, listen.Peers));
    }

    private ConnectConfiguration Configure(SessionConnect connect, ConfigurationFiller filler)
    {
        var (chain, key, authority) = FindCertificates(connect.Identity, connect.Authority, filler);
        return new ConnectConfiguration(
            connect.Host, connect.Port, connect.Protocol, authority, chain, key, FindPeers(connect.Protocol, connect.Peers));
    }

    private static (string? Chain, string? Key, string? Authority) FindCertificates(
        string? identity, string? authority, ConfigurationFiller filler) =>
        (filler.ToPem(identity, "chain"), filler.ToPem(identity, "privatekey"), filler.ToPem(authority, "crt"));

    private PeerService[]? FindPeers(NetworkProtocol protocol, IReadOnlyList<SessionPeer> peers) => protocol == NetworkProtocol.Attested
        ? [.. peers.Select(peer => new PeerService(peer.Session ?? State.Document.Name, peer.Service, peer.Program, FindPolicies(peer)))]
        : null;

    // The creator of another session decides which enclaves it admits, and a modified one may claim any program. So a program is worth
    // something only in an enclave that this service's own policy, or one that its session names, admitted.
    private IReadOnlyList<string>? FindPolicies(SessionPeer peer) => peer switch
    {
        { Policies.Count: > 0 } => peer.Policies,
        { Program: not null, Session: { } session } when session != State.Document.Name => [Service.Policy.Id],
        _ => null,
    };
}
