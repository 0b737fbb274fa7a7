using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Transport;

/// <summary>The programs of <c>tests/mqtt-clients</c>.</summary>
internal static class NodeClient
{
    public static ClientProgram Start(string program, TestAuthority authority, params IEnumerable<string> arguments)
    {
        var folder = Path.Combine(Root(), "tests", "mqtt-clients");
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
            throw new InvalidOperationException($"The clients in {folder} are not installed. ./test does it, or npm ci there.");
        return ClientProgram.Start("env", [$"CA={File.ReadAllText(authority.CertificateFile)}", "node", Path.Combine(folder, program), .. arguments]);
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Automation.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No Automation.sln above {AppContext.BaseDirectory}.");
    }
}
