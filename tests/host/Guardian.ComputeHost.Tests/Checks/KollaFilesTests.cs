using Guardian.ComputeHost.Checks;
using Guardian.ComputeHost.Configuration;
using Guardian.Documents;

namespace Guardian.ComputeHost.Tests.Checks;

/// <summary>The files of deploy/kolla against what the daemon and its check expect.</summary>
public sealed class KollaFilesTests : IDisposable
{
    // The user and the group nova of Kolla's images.
    private const string Nova = "42436";

    private readonly CapturedHost host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public void Novas_settings_are_those_of_other_hosts_and_pass_the_check()
    {
        static IEnumerable<string> Settings(string path) =>
            File.ReadLines(Repository.File("deploy", path)).Where(line => !line.StartsWith('#'));
        Assert.Equal(Settings("openstack/nova-guardian.conf"), Settings("kolla/nova-compute.conf"));

        host.Remove("etc/nova");
        host.Write("etc/kolla/nova-compute/nova.conf", "[DEFAULT]\n[libvirt]\nconnection_uri = qemu+tcp://192.0.2.1/system\n");
        Assert.Equal(FindingStatus.Failed, Find("nova"));
        // Kolla-Ansible merges the operator's file into its own.
        host.Write("etc/kolla/nova-compute/nova.conf", File.ReadAllText(Repository.File("deploy", "kolla", "nova-compute.conf")));
        Assert.Equal(FindingStatus.Ok, Find("nova"));
    }

    [Fact]
    public void The_daemon_serves_the_user_of_Kollas_images_on_its_usual_socket()
    {
        var problems = new DocumentProblems();
        var configuration = NodeConfiguration.Read(File.ReadAllBytes(Repository.File("deploy", "kolla", "node.yaml")), "", problems);
        Assert.Empty(problems.Items);
        Assert.Equal((CapturedHost.Relay, "/run/libvirt/libvirt-sock"), (configuration!.Listen, configuration.Upstream));
        Assert.Equal(["0", Nova], configuration.Users.Order().Select(user => user.ToString(provider: null)));
        Assert.Contains(
            $"SocketGroup={Nova}", File.ReadAllLines(Repository.File("deploy", "kolla", "guardian-node.socket.conf")));
        Assert.Contains($"GROUP=\"{Nova}\"", File.ReadAllText(Repository.File("deploy", "kolla", "91-guardian-sgx-kolla.rules")),
            StringComparison.Ordinal);
    }

    private FindingStatus Find(string id) => host.Check().Findings.First(finding => finding.Id == id).Status;
}
