using System.Diagnostics;

namespace Automation.Server.Tests.Triggers.Verification;

/// <summary>The programs of <c>tests/webhook-sdks</c>, which sign and check with the providers' own libraries.</summary>
internal static class ProviderSdk
{
    public static Process Start(params string[] arguments)
    {
        var folder = Path.Combine(Root(), "tests", "webhook-sdks");
        if (!Directory.Exists(Path.Combine(folder, "node_modules"))) throw new InvalidOperationException("The libraries in tests/webhook-sdks are not installed. ./test does it, or npm ci there.");
        return Process.Start(new ProcessStartInfo("node", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Automation.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
