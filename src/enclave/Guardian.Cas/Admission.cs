using System.Security.Cryptography;
using System.Text;
using Guardian.Cas.Client;
using Guardian.Cas.Secrets;
using Guardian.Cas.Sessions;

namespace Guardian.Cas;

/// <summary>An admitted service, and everything of the store that its configuration is made of. Immutable.</summary>
/// <param name="Secrets">Whose secret each name stands for.</param>
/// <param name="Volumes">Whose volume each name stands for.</param>
/// <param name="Tags">Current tags of its volumes.</param>
internal sealed record Admission(
    SessionState State, SessionService Service, IReadOnlyDictionary<string, (SessionState State, string Name)> Secrets,
    IReadOnlyDictionary<string, (SessionState State, string Name)> Volumes, IReadOnlyDictionary<string, byte[]?> Tags)
{
    /// <summary>All sessions that secrets come from.</summary>
    public IEnumerable<SessionState> Sessions => Secrets.Values.Select(secret => secret.State).DistinctBy(state => state.Document.Name);

    /// <summary>The startup configuration.</summary>
    public StartupConfiguration Configure(DateTimeOffset now)
    {
        byte[] Fill(string text) => Placeholders.Replace(text, (name, isPrevious) => ValueOf(name, isPrevious, now));
        string FillText(string text) => Encoding.UTF8.GetString(Fill(text));
        return new StartupConfiguration
        {
            Session = State.Document.Name,
            Service = Service.Name,
            SessionHash = State.Document.Hash,
            Command = [.. Service.Command.Select(FillText)],
            Environment = Service.Environment.ToDictionary(variable => variable.Key, variable => FillText(variable.Value)),
            Pwd = Service.Pwd,
            Program = Service.Program,
            Files = [.. Service.Files.Select(file => new InjectedFile(file.Path, Fill(file.Content), file.Mode))],
            Volumes = [.. Service.Volumes.Select(Configure)],
            Network = new NetworkConfiguration([.. Service.Listen.Select(listen => Configure(listen, now))], [.. Service.Connect.Select(connect => Configure(connect, now))]),
            Stdio = new StdioConfiguration(Service.EncryptsStdio ? State.Stored.Keys[SessionState.StdioKey(Service.Name)] : null),
            Limits = Service.Limits,
            Host = Service.Host,
        };
    }

    /// <summary>A secret's value; null when a previous one is asked and there is none, or its grace is over.</summary>
    public SecretValue? ValueOf(string name, bool isPrevious, DateTimeOffset now)
    {
        var (owner, ownName) = Secrets[name];
        var secret = SecretOf(owner, ownName);
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
        for (var above = secret.Issuer; above is not null && SecretOf(owner, above).Issuer is not null; above = SecretOf(owner, above).Issuer)
        {
            issuers.Add(owner.Stored.Secrets[above].Value);
        }
        return new SecretValue(secret.Kind, stored.Value, stored.Key, issuers);
    }

    private static SessionSecret SecretOf(SessionState state, string name) => state.Document.Secrets.First(secret => secret.Name == name);

    private VolumeConfiguration Configure(VolumeMount mount)
    {
        var (owner, name) = Volumes[mount.Name];
        // What an ephemeral volume held is gone with its key.
        var key = mount.Update == VolumeUpdate.Ephemeral ? RandomNumberGenerator.GetBytes(SessionState.KeySize) : owner.Stored.Keys[SessionState.VolumeKey(name)];
        return new VolumeConfiguration(mount.Name, mount.Path, key, Tags[mount.Name], mount.Update, owner.Document.Volumes.First(volume => volume.Name == name).Regions);
    }

    private ListenConfiguration Configure(SessionListen listen, DateTimeOffset now)
    {
        var (chain, key, authority) = Certificates(listen.Identity, listen.Authority, now);
        return new ListenConfiguration(listen.Port, listen.Protocol, chain, key, authority, PeerOf(listen.Peer));
    }

    private ConnectConfiguration Configure(SessionConnect connect, DateTimeOffset now)
    {
        var (chain, key, authority) = Certificates(connect.Identity, connect.Authority, now);
        return new ConnectConfiguration(connect.Host, connect.Port, connect.Protocol, authority, chain, key, PeerOf(connect.Peer));
    }

    private (string? Chain, string? Key, string? Authority) Certificates(string? identity, string? authority, DateTimeOffset now)
    {
        var own = identity is null ? null : ValueOf(identity, isPrevious: false, now);
        return (own?.Pem("chain"), own?.Pem("privatekey"), authority is null ? null : ValueOf(authority, isPrevious: false, now)?.Pem("crt"));
    }

    private PeerPolicy? PeerOf(string? service) =>
        service is null ? null : PeerPolicy.From(State.Document.Services.First(each => each.Name == service).Policy);
}
