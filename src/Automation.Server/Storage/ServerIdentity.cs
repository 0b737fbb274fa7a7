namespace Automation.Server.Storage;

/// <summary>Who a server is to the others on its database.</summary>
/// <param name="Name">Its name (<c>Server:Name</c>), which its MQTT broker's sessions belong to. Two live servers cannot have the same.</param>
/// <param name="Instance">Its data folder, which one process holds at a time: whoever registers with it comes after those who had it before, and they are dead.</param>
/// <param name="Lease">How long it counts as living after it was last heard of.</param>
internal sealed record ServerIdentity(string Name, string Instance, TimeSpan Lease)
{
    private const string FileName = "instance";

    /// <summary>Of a data folder; the file <c>instance</c> is made when there is none.</summary>
    public static ServerIdentity In(string dataFolder, string name, TimeSpan lease)
    {
        var file = Path.Combine(dataFolder, FileName);
        if (!File.Exists(file)) File.WriteAllText(file, Guid.NewGuid().ToString("n"));
        return new ServerIdentity(name, File.ReadAllText(file).Trim(), lease);
    }
}
