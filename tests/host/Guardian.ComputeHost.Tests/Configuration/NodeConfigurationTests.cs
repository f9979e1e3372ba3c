using System.Text;
using Guardian.ComputeHost.Configuration;
using Guardian.Documents;

namespace Guardian.ComputeHost.Tests.Configuration;

public class NodeConfigurationTests
{
    private const string LongPath =
        "/run/a-path-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on.sock";

    [Theory]
    [InlineData("relay:\n  users: [nobody-here]\n", "there is no user 'nobody-here'")]
    [InlineData("relay: 1\n", "must be a map")]
    [InlineData($"relay:\n  listen: {LongPath}\n", "1 to 107 bytes")]
    [InlineData("sgx:\n  sections:\n    - node: 0\n", "'mib' is missing")]
    [InlineData("sgx:\n  provision_key: yes\n", "must be one of false, true, flavor")]
    [InlineData("tdx:\n  guests: 63\n", "must be true or false")]
    [InlineData("meter:\n  listen: 9471\n", "is not an address to listen on")]
    [InlineData("meter:\n  listen: 0.0.0.0:9471\n", "0.0.0.0:9471 is not a loopback address")]
    [InlineData("meter:\n  listen: 0.0.0.0:9471\n  token_file: /t\n", "give certificate, key and token_file too")]
    [InlineData("meter:\n  listen: '[::]:9471'\n  certificate: /c\n  key: /k\n", "give certificate, key and token_file too")]
    [InlineData("meter:\n  listen: 127.0.0.1:9471\n  certificate: /c\n", "certificate and key belong together")]
    [InlineData("meter:\n  listen: 127.0.0.1:9471\n  key: /k\n", "certificate and key belong together")]
    public void A_bad_configuration_is_refused_with_its_place(string yaml, string words)
    {
        var problems = new DocumentProblems();
        Assert.Null(NodeConfiguration.Read(Encoding.UTF8.GetBytes(yaml), "root:x:0:0:root:/root:/bin/sh\n", problems));
        Assert.Contains(problems.Items, problem => problem.ToString().Contains(words, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("listen: 127.0.0.1:9471")]
    [InlineData("listen: '[::1]:9471'")]
    [InlineData("listen: 127.0.0.1:9471\n  token_file: /t")]
    [InlineData("listen: 192.0.2.1:9471\n  certificate: /c\n  key: /k\n  token_file: /t")]
    public void Monitoring_is_served_on_loopback_or_with_TLS_and_a_token(string members)
    {
        var problems = new DocumentProblems();
        var configuration = NodeConfiguration.Read(Encoding.UTF8.GetBytes($"meter:\n  {members}\n"), "", problems);
        Assert.Empty(problems.Items);
        Assert.Equal(9471, configuration!.Monitoring!.Listen.Port);
    }

    [Theory]
    [InlineData("", ProvisionKeyRule.Nobody, false)]
    [InlineData("sgx:\n  provision_key: true\n", ProvisionKeyRule.Everybody, false)]
    [InlineData("sgx:\n  provision_key: flavor\n  guest_vsock: true\n", ProvisionKeyRule.ByFlavor, true)]
    public void The_provisioning_key_and_vsock_are_given_to_nobody_by_default(string yaml, ProvisionKeyRule rule, bool hasVsock)
    {
        var read = NodeConfiguration.Read(Encoding.UTF8.GetBytes(yaml + "relay: {}\n"), "", new DocumentProblems())!;
        Assert.Equal((rule, hasVsock), (read.ProvisionKey, read.GuestVsock));
    }

    [Theory]
    [InlineData("relay: {}\n", false)]
    [InlineData("tdx:\n  guests: true\n", true)]
    public void TDX_guests_are_offered_only_where_the_operator_says_so(string yaml, bool isOffered) =>
        Assert.Equal(isOffered, NodeConfiguration.Read(Encoding.UTF8.GetBytes(yaml), "", new DocumentProblems())!.TdxGuests);

    [Fact]
    public void Users_are_given_by_name_or_number()
    {
        const string Accounts = "root:x:0:0:root:/root:/bin/sh\nnova:x:64060:64060::/var/lib/nova:/bin/sh\n";
        var configuration = NodeConfiguration.Read("relay:\n  users: [nova, 1234]\n"u8, Accounts, new DocumentProblems())!;
        Assert.Equal([0u, 1234u, 64_060u], configuration.Users.Order());
    }
}
