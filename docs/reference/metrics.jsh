// Prints every figure of a node, one a line: NAME OF BEAN, NAME OF FIGURE, VALUE. The property pid says which process it is.
import com.sun.tools.attach.VirtualMachine;
import javax.management.ObjectName;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
var node = VirtualMachine.attach(System.getProperty("pid"));
var beans = JMXConnectorFactory.connect(new JMXServiceURL(node.startLocalManagementAgent())).getMBeanServerConnection();
for (var name : beans.queryNames(new ObjectName("io.tidemark:*"), null))
    for (var figure : beans.getMBeanInfo(name).getAttributes())
        System.out.println(name + " " + figure.getName() + " " + beans.getAttribute(name, figure.getName()));
/exit
