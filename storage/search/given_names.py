"""Given names whose forms differ by more than sounds: a line for each, all forms of it.

Only forms of one name in the papers of different countries; not what it is translated to (Abraham is no
Ibrahim). Folded when read.
"""

from __future__ import annotations

from storage.search.german import fold

_FORMS = """
mohammed muhammad muhammed mohamed mohammad mohamad muhamed muhamad mohamet محمد мухаммад мохаммед магомед
ahmad ahmed achmed achmad ahmet amed أحمد احمد ахмед ахмад
yusuf jusuf youssef yousef yousif yousuf yusif yussuf jussuf yusef youssouf يوسف юсуф
hussein husain hussain hossein hosein husein hussayn houssein huseyin حسين хусейн
hassan hasan hassane حسن хасан
ali aly علي علی али
omar umar omer عمر умар
osman othman usman uthman ousmane عثمان осман
ibrahim ebrahim ibraheem brahim ابراهيم إبراهيم ибрагим
ismail esmail ismael ismaeel smail اسماعيل إسماعيل исмаил
khalid khaled chalid chaled halid خالد
abdullah abdallah abdulla abdoullah abdoulaye عبدالله абдулла
rahman rehman rachman rahmane رحمن الرحمن рахман
mustafa mostafa moustafa mustapha moustapha مصطفى مصطفی
mahmoud mahmud mahmood machmud محمود махмуд
saeed said saied saiid سعيد سعید
fatima fatema fatemeh fatimah fatma fathima فاطمة فاطمه
aisha aischa ayesha aicha aysha عائشة
maryam mariam meryem maryem marjam merjem mariyam مريم مریم
zainab zaynab zeinab zineb sainab زينب زینب
khadija khadidja khadijah khadijeh chadidscha khadidscha خديجة
noor nour nura نور
layla leila laila leyla ليلى лейла
jamal dschamal djamal gamal cemal dzhamal جمال джамал
hamid hamed hameed حميد حامد
rashid raschid rachid rasheed rashed رشيد راشد
karim kareem kerim كريم کریم
yahya jahja yahia yehia jachja يحيى
yasin yassin yaseen jassin yassine jasin ياسين
tariq tarek tarik tareq طارق
saleh salih salih صالح
reza riza rida resa رضا
murat murad mourad مراد мурат
hamza hamsa hamzah حمزة
samir sameer samer سمير سامر
walid waleed oualid وليد
amir ameer emir أمير امیر
alexander aleksandr aleksander oleksandr alexandr alexandre aleksandar александр олександр
alexei alexej aleksej aleksei alexey oleksij oleksiy oleksii алексей олексій
sergei sergej sergey serhij serhiy serhii сергей сергій
dmitri dmitrij dmitry dmitriy dmytro dimitri дмитрий дмитро
wladimir vladimir wolodymyr volodymyr владимир володимир
nikolai nikolaj nikolay mykola николай микола
andrei andrej andrey andrij andriy andrii андрей андрій
jewgeni jewgenij evgeny evgenij evgeniy yevgeny yevhen jewhen евгений євген
michail mikhail mihail mychajlo mykhailo михаил михайло
oleg oleh олег
julija yulia yuliya yuliia юлия юлія
natalia natalja natalya nataliya nataliia наталья наталія
tatjana tatiana tatyana tetiana tetjana татьяна тетяна
jelena elena olena yelena елена олена
irina iryna ирина ірина
katerina kateryna ekaterina jekaterina yekaterina катерина екатерина
swetlana svetlana switlana svitlana светлана світлана
ljudmila ljudmyla ludmila lyudmila lyudmyla liudmyla людмила
juri jurij yuri yury yurij yurii yuriy юрий юрій
georgi georgij georgiy heorhij heorhiy giorgi георгий георгій
pawel pavel pavlo pawlo павел павло
"""

#: Each form, folded, with the first form of its name.
GROUPS = {fold(form): line.split()[0] for line in _FORMS.strip().splitlines() for form in line.split()}
